/** The variables of a notebook while its cells run one after the other: who made them, who changed them, who shares. */
import type { Step } from '../../protocol/cellFacts.js';
import { Functions } from './functions.js';

/** Index of a block; the prelude's variables are there in every session. */
export const PRELUDE = -1;

export interface Variable {
  /** Blocks whose binding may be the current one: the last sure one, then those that may have bound it since. */
  readonly binders: readonly number[];
  /** Blocks that may have changed its objects since, in order. */
  readonly changers: readonly number[];
  /** What an import bound it to. */
  readonly imported: string | null;
  /** What it is, if it can neither be stored nor read twice, and the block that made it. */
  readonly unkept: { readonly what: string; readonly block: number } | null;
  /** Functions and classes of the notebook that it may hold. */
  readonly functions: ReadonlySet<string>;
}

export class Variables {
  readonly functions = new Functions();
  readonly #known = new Map<string, Variable>();
  /** Names that may share objects are in one set. */
  readonly #sharing = new Map<string, Set<string>>();

  get(name: string): Variable | undefined {
    return this.#known.get(name);
  }

  names(): readonly string[] {
    return [...this.#known.keys()];
  }

  imported(name: string): string | undefined {
    return this.#known.get(name)?.imported ?? undefined;
  }

  /** Blocks that a reader of the name needs, in notebook order. */
  owners(name: string): readonly number[] {
    const variable = this.#known.get(name);
    if (variable === undefined) return [];
    return [...new Set([...variable.binders, ...variable.changers])]
      .filter(block => block !== PRELUDE)
      .sort((a, b) => a - b);
  }

  /** Globals that functions reached from these names read, the names of the functions included. */
  reach(names: Iterable<string>): ReadonlySet<string> {
    const found = new Set<string>();
    const waiting = [...names];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const held = [...(this.#known.get(name)?.functions ?? [])];
      for (const facts of this.functions.reached([name, ...held])) {
        for (const inner of facts.loads) {
          if (found.has(inner)) continue;
          found.add(inner);
          waiting.push(inner);
        }
      }
    }
    return found;
  }

  /** Takes one step of a block; gives the names whose objects it may have changed. */
  take(step: Step, block: number, importedFrom: string | undefined): ReadonlySet<string> {
    switch (step.do) {
      case 'bind':
        this.#bind(step, block, importedFrom);
        return new Set();
      case 'delete':
        this.#leave(step.name);
        this.#known.delete(step.name);
        return new Set();
      case 'unkept':
        this.#change(step.name, { unkept: { what: step.what, block } });
        return new Set();
      case 'mutate': {
        const changed = this.#changed([step.name], block);
        this.#share(step.name, step.shares);
        return changed;
      }
      case 'call': {
        const effect = this.functions.effect(step);
        for (const name of effect.binds) {
          this.#bind({ do: 'bind', name, sure: false, shares: [], from: [], call: null }, block, undefined);
        }
        return this.#changed(effect.mutates, block);
      }
    }
  }

  #bind(step: Step & { do: 'bind' }, block: number, importedFrom: string | undefined): void {
    const { name } = step;
    const before = this.#known.get(name);
    // importing the same thing again changes nothing
    if (importedFrom !== undefined && before?.imported === importedFrom && before.binders.length === 1)
      return;
    const result = step.call === null ? undefined : this.functions.get(step.call);
    const functions = new Set<string>();
    for (const source of step.from) {
      const facts = this.functions.get(source);
      // a value returned by a function is not the function
      if (facts !== undefined && !(source === step.call && !facts.isClass)) functions.add(source);
      for (const held of this.#known.get(source)?.functions ?? []) functions.add(held);
    }
    if (this.functions.get(name) !== undefined) functions.add(name);
    const unkept = result?.generator === true ? { what: 'a generator', block } : null;
    if (step.sure) {
      const shares = step.shares.flatMap(source => [...(this.#sharing.get(source) ?? [source])]);
      this.#leave(name);
      this.#known.set(name, {
        binders: [block],
        changers: [],
        imported: importedFrom ?? null,
        unkept,
        functions,
      });
      this.#share(name, shares);
      return;
    }
    const binders = [...new Set([...(before?.binders ?? []), ...(before?.changers ?? []), block])];
    const held = new Set([...(before?.functions ?? []), ...functions]);
    this.#known.set(name, {
      binders,
      changers: [],
      imported: importedFrom ?? null,
      unkept: unkept ?? before?.unkept ?? null,
      functions: held,
    });
    this.#share(name, step.shares);
  }

  #changed(names: Iterable<string>, block: number): ReadonlySet<string> {
    const found = new Set<string>();
    for (const name of names) {
      for (const one of this.#sharing.get(name) ?? [name]) {
        const variable = this.#known.get(one);
        if (variable === undefined || variable.imported !== null) continue;
        found.add(one);
        const last = variable.changers.at(-1) ?? variable.binders.at(-1);
        if (last !== block) this.#change(one, { changers: [...variable.changers, block] });
      }
    }
    return found;
  }

  #change(name: string, part: Partial<Variable>): void {
    const variable = this.#known.get(name);
    if (variable !== undefined) this.#known.set(name, { ...variable, ...part });
  }

  #share(name: string, others: readonly string[]): void {
    const joined = new Set(this.#sharing.get(name) ?? [name]);
    for (const other of others) {
      const variable = this.#known.get(other);
      // modules and functions are shared by all and hold nothing of their users
      if (variable === undefined || variable.imported !== null || this.functions.get(other) !== undefined)
        continue;
      for (const one of this.#sharing.get(other) ?? [other]) joined.add(one);
    }
    for (const one of joined) this.#sharing.set(one, joined);
  }

  #leave(name: string): void {
    this.#sharing.get(name)?.delete(name);
    this.#sharing.delete(name);
  }
}
