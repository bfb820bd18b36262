/** Hidden state that travels along edges: random generators, options of packages, environment. */
import { byCodeUnit } from '../protocol/ids.js';
import type { ObjectRef, Trace } from '../protocol/trace.js';
import { isDescendant } from './closures.js';
import type { Graph } from './graph.js';

/** Adapter → its state; an adapter that nobody above changed is not in it. */
export type Ambient = ReadonlyMap<string, ObjectRef>;

export const NO_AMBIENT: Ambient = new Map();

/**
 * What a session starts from. Where parents differ, the later in notebook order wins unless one of them descends from
 * the other: then the descendant, since it started from what the other left.
 */
export function inheritedAmbient(
  graph: Graph,
  parents: readonly number[],
  outgoing: (parent: number) => Ambient,
): Ambient {
  let only: Ambient | undefined;
  let several = false;
  for (const parent of parents) {
    const ambient = outgoing(parent);
    if (ambient.size === 0 || ambient === only) continue;
    if (only === undefined) only = ambient;
    else several = true;
  }
  if (!several) return only ?? NO_AMBIENT;

  const inOrder = [...parents].sort((a, b) => a - b);
  const adapters = new Set(inOrder.flatMap(parent => [...outgoing(parent).keys()]));
  const inherited = new Map<string, ObjectRef>();
  for (const adapter of adapters) {
    const holders = inOrder.filter(parent => outgoing(parent).has(adapter));
    const from = winner(graph, holders, parent => outgoing(parent).get(adapter)!.digest);
    inherited.set(adapter, outgoing(from).get(adapter)!);
  }
  return inherited;
}

/** The last in notebook order of those that no other holder of a different state descends from. */
function winner(graph: Graph, holders: readonly number[], digestOf: (parent: number) => string): number {
  const last = holders[holders.length - 1]!;
  if (holders.every(holder => digestOf(holder) === digestOf(last))) return last;
  const youngest = holders.filter(
    holder => !holders.some(other => other !== holder && isDescendant(graph, holder, other)),
  );
  return youngest[youngest.length - 1]!;
}

/** What a block leaves to its children. */
export function outgoingAmbient(inherited: Ambient, trace: Trace): Ambient {
  if (trace.ambient.length === 0) return inherited;
  const outgoing = new Map(inherited);
  for (const { adapter, state } of trace.ambient) outgoing.set(adapter, state);
  return outgoing;
}

/** Parents that leave different states of one adapter, none of them on the way of the other. */
export interface ContestedState {
  readonly adapter: string;
  /** The parent whose state counts, and those whose state does not. */
  readonly winner: number;
  readonly others: readonly number[];
}

export function contestedAmbient(
  graph: Graph,
  sources: readonly number[],
  outgoing: (parent: number) => Ambient,
): readonly ContestedState[] {
  const parents = [...sources].sort((a, b) => a - b);
  const adapters = new Set(parents.flatMap(parent => [...outgoing(parent).keys()]));
  return [...adapters].sort(byCodeUnit).flatMap(adapter => {
    const digestOf = (parent: number) => outgoing(parent).get(adapter)!.digest;
    const holders = parents.filter(parent => outgoing(parent).has(adapter));
    const from = winner(graph, holders, digestOf);
    const others = holders.filter(
      holder => digestOf(holder) !== digestOf(from) && !isDescendant(graph, holder, from),
    );
    return others.length === 0 ? [] : [{ adapter, winner: from, others }];
  });
}
