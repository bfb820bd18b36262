/**
 * What must come out, worked out without keys, traces or steps: every block run in order from its parents' values
 * (small numbers first, since edges only come from smaller ones), and which runs of the past still say the same.
 */
import { filterTest } from '../../../src/engine/index.js';
import { factsOf, Session, ToyError, type Literal, type Value } from './language.js';
import type { ToyBlock, ToyProject } from './project.js';
import {
  handedNow,
  leave,
  restore,
  type Left,
  type Restored,
  type StoredComponent,
  type ToyInput,
} from './storing.js';

export interface CleanBlock {
  readonly status: 'ok' | 'failed' | 'blocked';
  readonly left: Left;
  /** Of `left`, what children see. */
  readonly visible: readonly (readonly [name: string, component: StoredComponent])[];
  readonly shown: string;
  /** Everything its run depended on that was known before it: code, values, parameters. */
  readonly given: string;
  readonly files: ReadonlyMap<string, string | null>;
  /** Random state it inherited; `undefined`: it did not draw. */
  readonly random: number | null | undefined;
  readonly randomAfter: number | null;
  /** What its session hands on when its filter is off. */
  readonly sessionNames: ReadonlySet<string>;
  readonly inputs: readonly ToyInput[];
  readonly live: readonly ToyLive[];
  readonly parameters: ReadonlyMap<string, Literal>;
  readonly chain: readonly number[];
  /** Blocks whose code runs in its process besides its own. */
  readonly replayed: ReadonlySet<number>;
  readonly randomBefore: number | null;
}

/** Values of one parent that can not be stored, made again in a session beside. */
interface ToyLive {
  readonly parent: number;
  readonly bind: ReadonlyMap<string, readonly string[]>;
}

interface Candidate {
  readonly parent: number;
  readonly component: StoredComponent | null;
  readonly stored: string;
  readonly opaque: boolean;
}

class Refused extends Error {}

export function cleanRun(project: ToyProject): readonly CleanBlock[] {
  const done: CleanBlock[] = [];
  project.blocks.forEach((block, index) => done.push(cleanBlock(project, done, block, index)));
  return done;
}

const EMPTY: Left = { components: [], withheld: [] };

function cleanBlock(
  project: ToyProject,
  done: readonly CleanBlock[],
  block: ToyBlock,
  index: number,
): CleanBlock {
  const nothing = {
    left: EMPTY,
    visible: [],
    shown: '',
    given: '',
    files: new Map(),
    random: undefined,
    randomAfter: null,
    sessionNames: new Set<string>(),
    inputs: [],
    live: [],
    parameters: new Map(),
    chain: [],
    replayed: new Set<number>(),
    randomBefore: null,
  };
  if (block.parents.some(({ parent }) => done[parent]!.status !== 'ok'))
    return { ...nothing, status: 'blocked' };
  const chain = chainOf(project, index);
  const randomBefore = inheritedRandom(project, done, index);
  try {
    const { inputs, live, parameters, given } = inputsOf(project, done, block);
    const own: Running = { index, inputs, live, chain, randomBefore };
    const replayed = new Set([...chain, ...live.map(({ parent }) => parent)]);
    for (const each of [...replayed]) for (const other of done[each]!.replayed) replayed.add(other);
    const allParameters = new Map([
      ...parameters,
      ...[...replayed].flatMap(each => [...done[each]!.parameters]),
    ]);
    const session = new Session({
      readFile: path => project.files.get(path) ?? null,
      parameters: allParameters,
    });
    const { restored, handed } = runIn(session, project, done, own, allParameters);
    const left = leave(session, restored, handed, { filter: block.filter, wanted: wantedOf(project, index) });
    const sessionNames = new Set([
      ...session.defined,
      ...[...inputs, ...live].flatMap(({ bind }) => [...bind.values()].flat()),
      ...chain.flatMap(each => [...done[each]!.sessionNames]),
    ]);
    return {
      status: 'ok',
      left,
      visible: visibleOf(block, left, inputs),
      shown: session.shown.join('\n'),
      given,
      files: session.filesRead,
      random: session.usedRandom ? randomBefore : undefined,
      randomAfter: session.changedRandom ? session.random : randomBefore,
      sessionNames,
      inputs,
      live,
      parameters,
      chain,
      replayed,
      randomBefore,
    };
  } catch (error) {
    if (error instanceof Refused || error instanceof ToyError) return { ...nothing, status: 'failed' };
    throw error;
  }
}

type Running = Pick<CleanBlock, 'inputs' | 'live' | 'chain' | 'randomBefore'> & { readonly index: number };

/** A block in the session of its chain; what that needs alive is made beside, each time anew. */
function runIn(
  session: Session,
  project: ToyProject,
  done: readonly CleanBlock[],
  own: Running,
  parameters: ReadonlyMap<string, Literal>,
) {
  const restored: Restored[] = [];
  for (const each of [...own.chain.map(index => ({ ...done[index]!, index })), own]) {
    const values = new Map<string, Value>();
    for (const { parent, bind } of each.live) {
      const aside = session.setAside(parameters);
      runIn(session, project, done, { ...done[parent]!, index: parent }, parameters);
      for (const [theirs, names] of bind) for (const name of names) values.set(name, session.taken(theirs));
      session.putBack(aside);
    }
    session.begin(each.randomBefore ?? each.index + 100);
    restored.push(...each.inputs.map(input => restore(session, input)));
    session.hand(values);
    if (each !== own) for (const { statements } of project.blocks[each.index]!.cells) session.run(statements);
  }
  const handed = handedNow(session);
  for (const { statements } of project.blocks[own.index]!.cells) session.run(statements);
  return { restored, handed };
}

/** Under `auto`, what came along for functions shows too, unless it is an input as it came. */
function visibleOf(
  { filter }: ToyBlock,
  { components }: Left,
  inputs: readonly ToyInput[],
): [string, StoredComponent][] {
  const came = (bytes: string) => inputs.some(({ stored }) => stored.bytes === bytes);
  return components.flatMap(component =>
    component.names
      .filter(name => !component.hidden.includes(name) || (filter.kind === 'auto' && !came(component.bytes)))
      .map((name): [string, StoredComponent] => [name, component]),
  );
}

function readsOf(block: ToyBlock): { names: Set<string>; everything: boolean } {
  const names = new Set<string>();
  const bound = new Set<string>();
  for (const facts of block.cells.map(factsOf)) {
    for (const name of facts.loads) if (!bound.has(name)) names.add(name);
    for (const name of facts.binds) bound.add(name);
  }
  return {
    names,
    everything: block.cells.some(({ statements }) => statements.some(({ op }) => op === 'eval')),
  };
}

function wantedOf(project: ToyProject, index: number): string[] | null {
  const wanted: string[] = [];
  for (const block of project.blocks) {
    const { names, everything } = readsOf(block);
    for (const { use } of block.parents.filter(({ parent }) => parent === index)) {
      if (use !== undefined)
        wanted.push(
          ...[...use].filter(([, mine]) => everything || names.has(mine)).map(([theirs]) => theirs),
        );
      else if (everything) return null;
      else wanted.push(...names);
    }
  }
  return wanted;
}

function inputsOf(project: ToyProject, done: readonly CleanBlock[], block: ToyBlock) {
  const { names, everything } = readsOf(block);
  const offered = (name: string, withOpaque: boolean): Candidate[] =>
    block.parents.flatMap(({ parent, use }) => {
      const theirs =
        use === undefined ? [name] : [...use].filter(([, mine]) => mine === name).map(([stored]) => stored);
      const { visible, left, sessionNames } = done[parent]!;
      const { filter } = project.blocks[parent]!;
      if (filter.kind === 'off')
        return sessionNames.has(name) ? [{ parent, component: null, stored: name, opaque: false }] : [];
      return theirs.flatMap(stored => [
        ...visible
          .filter(([seen]) => seen === stored)
          .map(([, component]) => ({ parent, component, stored, opaque: false })),
        ...left.withheld
          .filter(
            ({ name: seen, why }) =>
              withOpaque && why === 'opaque' && seen === stored && filterTest(filter)(stored),
          )
          .map(() => ({ parent, component: null, stored, opaque: true })),
      ]);
    });
  const exported = everything
    ? block.parents.flatMap(({ parent, use }) => [
        ...done[parent]!.visible.map(([name]) => (use === undefined ? name : use.get(name))),
        ...done[parent]!.sessionNames,
      ])
    : [];
  const wanted = new Map<string, Candidate[]>();
  for (const name of [...names, ...exported]) {
    if (name === undefined) continue;
    const candidates = offered(name, names.has(name));
    // Of what nobody gives yet a function that comes along may still ask, also for values that can not be stored.
    if (candidates.length > 0) wanted.set(name, candidates);
  }

  const chosen = new Map<string, Candidate>();
  const unmet = new Set<string>();
  for (let before = -1; before < wanted.size + [...wanted.values()].flat().length;) {
    before = wanted.size + [...wanted.values()].flat().length;
    for (const [name, candidates] of [...wanted]) {
      const best = choose(project, candidates);
      if (best === undefined) continue;
      chosen.set(name, best);
      for (const reached of best.component?.reaches ?? []) {
        const behind = done[best.parent]!.left.components.find(each => each.names.includes(reached));
        const opaque = done[best.parent]!.left.withheld.some(
          each => each.name === reached && each.why === 'opaque',
        );
        const own: Candidate[] =
          behind !== undefined || opaque
            ? [
                {
                  parent: best.parent,
                  component: behind ?? null,
                  stored: reached,
                  opaque: behind === undefined,
                },
              ]
            : [];
        const all = [...(wanted.get(reached) ?? offered(reached, true))];
        for (const each of own)
          if (!all.some(other => other.parent === each.parent && isEqual(other, each))) all.push(each);
        if (all.length === 0) unmet.add(reached);
        wanted.set(reached, all);
      }
    }
  }
  // What shares lists with a live value is taken alive with it.
  for (const { parent, stored, opaque } of [...chosen.values()]) {
    const shares = opaque ? (withheldOf(done, parent, stored)?.shares ?? []) : [];
    for (const [name, best] of chosen) {
      const own = wanted.get(name)!.find(each => each.parent === parent && isEqual(each, best)) ?? best;
      if (own.component !== null && own.parent === parent && shares.includes(own.stored))
        chosen.set(name, { ...own, component: null, opaque: true });
    }
  }
  const alive = new Map<number, Map<string, string[]>>();
  for (const [name, { parent, stored, opaque }] of chosen) {
    if (!opaque) continue;
    const bind = alive.get(parent) ?? new Map<string, string[]>();
    alive.set(parent, bind.set(stored, [...(bind.get(stored) ?? []), name].sort()));
  }
  const live: ToyLive[] = [...alive]
    .map(([parent, bind]) => ({ parent, bind }))
    .sort((a, b) => a.parent - b.parent);
  const used = [...chosen].filter(([, { component }]) => component !== null);
  const inputs = new Map<string, { stored: StoredComponent; bind: Map<string, string[]> }>();
  for (const [name, { parent, component, stored }] of used) {
    const home = `${parent} ${component!.bytes}`;
    const input = inputs.get(home) ?? { stored: component!, bind: new Map<string, string[]>() };
    inputs.set(home, input);
    input.bind.set(stored, [...(input.bind.get(stored) ?? []), name].sort());
  }
  const parameters = new Map(
    [...project.parameters].filter(
      ([name]) => !chosen.has(name) && (names.has(name) || everything || unmet.has(name)),
    ),
  );
  const sessions = block.parents
    .filter(({ parent }) => project.blocks[parent]!.filter.kind === 'off')
    .map(({ parent }): unknown[] => [parent, sessionOf(done[parent]!)]);
  for (const { parent, bind } of live) sessions.push([parent, sessionOf(done[parent]!), [...bind].sort()]);
  const given = JSON.stringify({
    code: block.cells.map(({ statements }) => statements).filter(statements => statements.length > 0),
    values: [...inputs.values()]
      .map(({ stored, bind }) => JSON.stringify([stored.bytes, [...bind].sort()]))
      .sort(),
    parameters: [...parameters].sort(),
    sessions: [...new Map(sessions.map(pair => [pair[0], pair]))].sort(),
  });
  const first = ({ bind }: ToyInput) => [...bind.values()].flat().sort()[0]!;
  const sorted = [...inputs.values()].sort((a, b) => (first(a) < first(b) ? -1 : 1));
  return { inputs: sorted, live, parameters, given };
}

const sessionOf = ({ given, files, random }: CleanBlock) => [
  given,
  [...files].sort(),
  random === undefined ? 'unused' : random,
];

const withheldOf = (done: readonly CleanBlock[], parent: number, name: string) =>
  done[parent]!.left.withheld.find(each => each.why === 'opaque' && each.name === name);

const isEqual = (a: Candidate, b: Candidate): boolean =>
  a.component !== null && b.component !== null
    ? a.component.bytes === b.component.bytes && a.stored === b.stored
    : a.component === b.component &&
      a.parent === b.parent &&
      a.opaque === b.opaque &&
      (!a.opaque || a.stored === b.stored);

function choose(project: ToyProject, candidates: readonly Candidate[]): Candidate | undefined {
  if (candidates.length === 0) return undefined;
  const best = [...candidates]
    .sort((a, b) => b.parent - a.parent)
    .find(each =>
      candidates.every(other => isEqual(each, other) || isBelow(project, other.parent, each.parent)),
    );
  if (best === undefined) throw new Refused('contradiction');
  return best;
}

function isBelow(project: ToyProject, above: number, below: number): boolean {
  return project.blocks[below]!.parents.some(
    ({ parent }) => parent === above || isBelow(project, above, parent),
  );
}

function chainOf(project: ToyProject, index: number): number[] {
  const chain = new Set<number>();
  for (const { parent } of project.blocks[index]!.parents) {
    if (project.blocks[parent]!.filter.kind !== 'off') continue;
    for (const each of [...chainOf(project, parent), parent]) chain.add(each);
  }
  return [...chain].sort((a, b) => a - b);
}

function inheritedRandom(project: ToyProject, done: readonly CleanBlock[], index: number): number | null {
  const parents = project.blocks[index]!.parents.map(({ parent }) => parent)
    .filter(parent => done[parent]!.randomAfter !== null)
    .sort((a, b) => a - b);
  const states = new Set(parents.map(parent => done[parent]!.randomAfter));
  if (states.size <= 1) return [...states][0] ?? null;
  const youngest = parents.filter(parent => !parents.some(other => isBelow(project, parent, other)));
  return done[youngest[youngest.length - 1]!]!.randomAfter;
}

/** Names handed on alive: whether they can be stored shows when a list first asks for them. */
const aliveIn = ({ live }: CleanBlock) => live.flatMap(({ bind }) => [...bind.values()].flat());

/** Runs that a cache of `keep` a block would still hold; says which blocks must run. */
export class History {
  readonly #runs = new Map<number, { readonly block: CleanBlock; readonly names: ReadonlySet<string> }[]>();
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** The least set of blocks that has to run now, which is also taken as having run. */
  mustRun(project: ToyProject, clean: readonly CleanBlock[]): number[] {
    return clean.flatMap((block, index) => {
      if (block.status === 'blocked') return [];
      const runs = this.#runs.get(index) ?? [];
      const answers = ({ block: past, names }: (typeof runs)[number]) =>
        past.given === block.given &&
        [...past.files].every(([path, content]) => (project.files.get(path) ?? null) === content) &&
        (past.random === undefined || past.random === inheritedRandom(project, clean, index)) &&
        block.visible.every(([name]) => names.has(name)) &&
        // Of what a filter left out nobody knows how large it is and whether it can be stored.
        !past.left.withheld.some(
          ({ name, why }) => why === 'filter' && filterTest(project.blocks[index]!.filter)(name),
        ) &&
        !(
          project.blocks[index]!.filter.kind === 'names' &&
          aliveIn(past).some(
            name =>
              filterTest(project.blocks[index]!.filter)(name) &&
              !names.has(name) &&
              !past.left.withheld.some(each => each.name === name),
          )
        );
      if (block.status === 'ok' && runs.some(answers)) return [];
      if (block.status === 'ok') {
        const names = new Set(block.left.components.flatMap(component => component.names));
        this.#runs.set(index, [...runs, { block, names }].slice(-this.#keep));
      }
      return [index];
    });
  }

  remove(index: number, nth: number): void {
    this.#runs.get(index)?.splice(nth, 1);
  }

  count(index: number): number {
    return this.#runs.get(index)?.length ?? 0;
  }
}
