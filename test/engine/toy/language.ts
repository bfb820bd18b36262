/**
 * Toy notebooks: statements as data, in place of Python. Small enough to run thousands of projects a second, rich
 * enough for what goes wrong: shared lists, functions that reach globals, files, random numbers, code that hides its reads.
 */
import { createHash } from 'node:crypto';
import type { CellFacts } from '../../../src/protocol/cellFacts.js';
import { byCodeUnit, type Digest } from '../../../src/protocol/ids.js';

export type Literal = number | string;

export type Statement =
  | { readonly op: 'literal'; readonly name: string; readonly value: Literal }
  | { readonly op: 'sum'; readonly name: string; readonly of: readonly string[] }
  /** A value of its own that cuts changes off: 0 or 1. */
  | { readonly op: 'parity'; readonly name: string; readonly of: string }
  | { readonly op: 'file'; readonly name: string; readonly path: string }
  /** Which file it reads depends on a value. */
  | {
      readonly op: 'fileIf';
      readonly name: string;
      readonly of: string;
      readonly paths: readonly [string, string];
    }
  | { readonly op: 'list'; readonly name: string; readonly items: readonly Literal[] }
  | { readonly op: 'alias'; readonly name: string; readonly of: string }
  /** A list that holds another: two different objects in one component. */
  | { readonly op: 'nest'; readonly name: string; readonly of: string }
  | { readonly op: 'append'; readonly to: string; readonly value: Literal }
  | { readonly op: 'function'; readonly name: string; readonly global: string }
  | { readonly op: 'call'; readonly name: string; readonly of: string }
  /** Reads a name that analysis can not see. */
  | { readonly op: 'eval'; readonly name: string; readonly of: string }
  | { readonly op: 'seed'; readonly value: number }
  | { readonly op: 'draw'; readonly name: string }
  | { readonly op: 'big'; readonly name: string; readonly value: Literal }
  | { readonly op: 'lock'; readonly name: string }
  /** A generator over a list, which it goes on sharing. */
  | { readonly op: 'iterate'; readonly name: string; readonly of: string }
  | { readonly op: 'next'; readonly name: string; readonly of: string }
  | { readonly op: 'show'; readonly of: string }
  | { readonly op: 'failIfOdd'; readonly of: string };

export interface ToyCell {
  readonly statements: readonly Statement[];
  readonly comment: string;
}

export const sha = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;

/** Pseudo-Python, for messages. */
export function render(statement: Statement): string {
  const python = (value: Literal) => JSON.stringify(value);
  switch (statement.op) {
    case 'literal':
      return `${statement.name} = ${python(statement.value)}`;
    case 'sum':
      return `${statement.name} = total(${statement.of.join(', ')})`;
    case 'parity':
      return `${statement.name} = total(${statement.of}) % 2`;
    case 'file':
      return `${statement.name} = read("${statement.path}")`;
    case 'fileIf':
      return `${statement.name} = read("${statement.paths[0]}" if odd(${statement.of}) else "${statement.paths[1]}")`;
    case 'list':
      return `${statement.name} = [${statement.items.map(python).join(', ')}]`;
    case 'alias':
      return `${statement.name} = ${statement.of}`;
    case 'nest':
      return `${statement.name} = [${statement.of}]`;
    case 'append':
      return `${statement.to}.append(${python(statement.value)})`;
    case 'function':
      return `def ${statement.name}(): return total(${statement.global})`;
    case 'call':
      return `${statement.name} = ${statement.of}()`;
    case 'eval':
      return `${statement.name} = eval("total(${statement.of})")`;
    case 'seed':
      return `seed(${statement.value})`;
    case 'draw':
      return `${statement.name} = draw()`;
    case 'big':
      return `${statement.name} = big(${python(statement.value)})`;
    case 'lock':
      return `${statement.name} = Lock()`;
    case 'iterate':
      return `${statement.name} = (item for item in ${statement.of})`;
    case 'next':
      return `${statement.name} = next(${statement.of})`;
    case 'show':
      return `print(${statement.of})`;
    case 'failIfOdd':
      return `assert not odd(${statement.of})`;
  }
}

function loadsOf(statement: Statement): readonly string[] {
  switch (statement.op) {
    case 'sum':
      return statement.of;
    case 'parity':
    case 'fileIf':
    case 'alias':
    case 'nest':
    case 'call':
    case 'iterate':
    case 'next':
    case 'show':
    case 'failIfOdd':
      return [statement.of];
    case 'append':
      return [statement.to];
    case 'function':
      return [statement.global];
    default:
      return [];
  }
}

export function factsOf({ statements }: ToyCell): CellFacts {
  const loads = new Set<string>();
  const bound = new Set<string>();
  for (const statement of statements) {
    for (const name of loadsOf(statement)) if (!bound.has(name)) loads.add(name);
    if ('name' in statement) bound.add(statement.name);
  }
  const binds = [...bound].sort(byCodeUnit);
  return {
    digest: sha(JSON.stringify(statements)),
    empty: statements.length === 0,
    loads: [...loads].sort(byCodeUnit),
    binds,
    mayBind: binds,
    deletes: [],
    mayMutate: [],
    stringNames: [],
    paths: [],
    dynamic: statements.some(({ op }) => op === 'eval') ? ['eval'] : [],
    bindsUnknown: [],
    starImports: [],
    imports: [],
    importedNames: [],
    importedFrom: {},
    magics: [],
    setsEnvironment: false,
    setUp: false,
    chains: [],
    history: [],
    functions: [],
    steps: [],
    remarks: [],
    syntaxError: null,
  };
}

/** Objects of a session; lists are shared by reference as in Python. */
export type Value =
  Literal | Value[] | Stream | { readonly reaches: string } | { readonly big: Literal } | typeof LOCK;
/** A generator: can not be stored, and asking it changes it. */
export interface Stream {
  readonly over: Value[];
  at: number;
}
export const LOCK = { lock: true } as const;

export class ToyError extends Error {}

/** What a session can touch outside itself. */
export interface Surroundings {
  readFile(path: string): string | null;
  readonly parameters: ReadonlyMap<string, Literal>;
}

/** Variables of a session that waits while another one is made beside it. */
export interface Aside {
  readonly names: ReadonlyMap<string, Value>;
  readonly defined: ReadonlySet<string>;
  readonly handed: ReadonlySet<string>;
}

export class Session {
  readonly names = new Map<string, Value>();
  defined = new Set<string>();
  /** Names of what other sessions handed on alive. */
  handed = new Set<string>();
  readonly filesRead = new Map<string, string | null>();
  shown: string[] = [];
  random = 0;
  usedRandom = false;
  changedRandom = false;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    for (const [name, value] of surroundings.parameters) this.names.set(name, value);
  }

  /** @param random state of the random numbers that the block starts from */
  begin(random: number): void {
    this.random = random;
    this.usedRandom = this.changedRandom = false;
    this.shown = [];
  }

  hand(values: ReadonlyMap<string, Value>): void {
    for (const [name, value] of values) {
      this.names.set(name, value);
      this.handed.add(name);
    }
  }

  setAside(parameters: ReadonlyMap<string, Literal>): Aside {
    const aside = { names: new Map(this.names), defined: this.defined, handed: this.handed };
    this.putBack({ names: parameters, defined: new Set(), handed: new Set() });
    return aside;
  }

  putBack({ names, defined, handed }: Aside): void {
    this.names.clear();
    for (const [name, value] of names) this.names.set(name, value);
    this.defined = new Set(defined);
    this.handed = new Set(handed);
  }

  taken(name: string): Value {
    return this.#load(name);
  }

  run(statements: readonly Statement[]): void {
    for (const statement of statements) this.#execute(statement);
  }

  #execute(statement: Statement): void {
    switch (statement.op) {
      case 'literal':
        return this.#bind(statement.name, statement.value);
      case 'sum':
        return this.#bind(
          statement.name,
          statement.of.map(name => this.#total(this.#load(name))).reduce(add, 0),
        );
      case 'parity':
        return this.#bind(statement.name, this.#isOdd(statement.of) ? 1 : 0);
      case 'file':
        return this.#bind(statement.name, this.#read(statement.path));
      case 'fileIf':
        return this.#bind(statement.name, this.#read(statement.paths[this.#isOdd(statement.of) ? 0 : 1]));
      case 'list':
        return this.#bind(statement.name, [...statement.items]);
      case 'alias':
        return this.#bind(statement.name, this.#load(statement.of));
      case 'nest':
        return this.#bind(statement.name, [this.#load(statement.of)]);
      case 'append': {
        const list = this.#load(statement.to);
        if (!Array.isArray(list)) throw new ToyError(`${statement.to} is not a list`);
        list.push(statement.value);
        return;
      }
      case 'function':
        return this.#bind(statement.name, { reaches: statement.global });
      case 'call':
        return this.#bind(statement.name, this.#call(this.#load(statement.of), 0));
      case 'eval':
        return this.#bind(statement.name, this.#total(this.#load(statement.of)));
      case 'seed':
        this.random = statement.value;
        this.usedRandom = this.changedRandom = true;
        return;
      case 'draw':
        this.random = (this.random * 31 + 7) % 1009;
        this.usedRandom = this.changedRandom = true;
        return this.#bind(statement.name, this.random);
      case 'big':
        return this.#bind(statement.name, { big: statement.value });
      case 'lock':
        return this.#bind(statement.name, LOCK);
      case 'iterate': {
        const over = this.#load(statement.of);
        if (!Array.isArray(over)) throw new ToyError(`${statement.of} is not a list`);
        return this.#bind(statement.name, { over, at: 0 });
      }
      case 'next': {
        const stream = this.#load(statement.of);
        if (!isStream(stream)) throw new ToyError(`${statement.of} is not a generator`);
        const item = stream.over[stream.at];
        stream.at += 1;
        return this.#bind(statement.name, item === undefined ? 'end' : this.#total(item));
      }
      case 'show':
        this.shown.push(show(this.#load(statement.of)));
        return;
      case 'failIfOdd':
        if (this.#isOdd(statement.of)) throw new ToyError(`${statement.of} is odd`);
    }
  }

  #bind(name: string, value: Value): void {
    this.names.set(name, value);
    this.defined.add(name);
  }

  #load(name: string): Value {
    const value = this.names.get(name);
    if (value === undefined) throw new ToyError(`name ${name} is not defined`);
    return value;
  }

  #read(path: string): string {
    const content = this.#surroundings.readFile(path);
    this.filesRead.set(path, content);
    return content ?? 'absent';
  }

  #isOdd(name: string): boolean {
    return String(this.#total(this.#load(name))).length % 2 === 1;
  }

  #call(value: Value, depth: number): Literal {
    if (typeof value !== 'object' || !('reaches' in value) || depth > 5)
      throw new ToyError('can not be called');
    return this.#total(this.#load(value.reaches), depth + 1);
  }

  #total(value: Value, depth = 0): Literal {
    if (Array.isArray(value)) return value.map(item => this.#total(item, depth)).reduce(add, 0);
    if (typeof value !== 'object') return value;
    if (isStream(value)) return value.at;
    if ('reaches' in value) return this.#call(value, depth);
    if ('big' in value) return value.big;
    return 1;
  }
}

export const isStream = (value: Value): value is Stream => typeof value === 'object' && 'over' in value;

const add = (a: Literal, b: Literal): Literal =>
  typeof a === 'number' && typeof b === 'number' ? a + b : `${a}${JSON.stringify(b)}`;

export const show = (value: Value): string => JSON.stringify(value);
