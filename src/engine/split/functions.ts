/** What calling the notebook's own functions reads and changes, followed through the functions that they call. */
import type { CallFacts, FunctionFacts } from '../../protocol/cellFacts.js';

export interface CallEffect {
  /** Names of the caller whose objects may change. */
  readonly mutates: ReadonlySet<string>;
  /** Globals that it binds. */
  readonly binds: ReadonlySet<string>;
}

/** Functions, classes and methods (as `.name`) known so far; a later definition replaces an earlier one. */
export class Functions {
  readonly #known = new Map<string, FunctionFacts>();

  define(facts: FunctionFacts): void {
    this.#known.set(facts.name, facts);
  }

  /** The name stands for something else now. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  get(name: string): FunctionFacts | undefined {
    return this.#known.get(name);
  }

  /** The functions of the notebook that the given ones reach, themselves included. */
  reached(names: Iterable<string>): readonly FunctionFacts[] {
    const found = new Map<string, FunctionFacts>();
    const waiting = [...names];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const facts = this.#known.get(name);
      if (facts === undefined || found.has(name)) continue;
      found.set(name, facts);
      waiting.push(...facts.loads, ...facts.calls.map(call => call.callee));
    }
    return [...found.values()];
  }

  /** What a call does to the names that it is given, and to globals. */
  effect(call: CallFacts): CallEffect {
    const mutates = new Set<string>();
    const binds = new Set<string>();
    this.#follow(call, mutates, binds, new Set());
    return { mutates, binds };
  }

  #follow(call: CallFacts, mutates: Set<string>, binds: Set<string>, active: Set<string>): void {
    const facts = this.#known.get(call.callee);
    if (facts === undefined || active.has(call.callee)) return;
    active.add(call.callee);
    const inside = new Set(facts.mutates);
    for (const inner of facts.calls) this.#follow(inner, inside, binds, active);
    active.delete(call.callee);
    for (const name of facts.binds) binds.add(name);
    for (const name of inside) {
      if (!facts.parameters.includes(name)) mutates.add(name);
      else
        for (const [key, given] of call.arguments) if (parameterOf(facts, key) === name) mutates.add(given);
    }
  }
}

/** The parameter that takes an argument; a method's `self` is its first. */
function parameterOf(facts: FunctionFacts, key: string): string | undefined {
  const isMethod = facts.name.startsWith('.');
  if (key === 'self') return isMethod ? facts.parameters[0] : undefined;
  if (!/^\d+$/.test(key)) return key;
  return facts.parameters[Number(key) + (isMethod ? 1 : 0)] ?? facts.parameters.at(-1);
}
