/** Edges and filters: whom each block must be linked to so that it sees what it saw in the whole notebook. */
import type { Filter, ParentEdge } from '../../protocol/dagFile.js';
import { type BlockId, byCodeUnit } from '../../protocol/ids.js';
import type { BlockFlow } from './flow.js';

/** Longer lists are no help to a reader of `dag.json`. */
const LONGEST_LIST = 12;

export interface Linked {
  readonly parents: readonly ParentEdge[];
  readonly filter: Filter;
}

export function link(
  all: readonly BlockFlow[],
  ids: readonly BlockId[],
  prelude: boolean,
): readonly Linked[] {
  const first = chooseFilters(all, prelude);
  const flows = all.map(flow => trim(flow, first));
  const parents = flows.map(flow => new Set([...flow.follows, ...[...flow.wants.values()].flat()]));
  const filters = chooseFilters(flows, prelude).map((filter, block): Filter =>
    first[block]?.kind === 'names' ? filter : { kind: 'auto' },
  );
  const exported = flows.map((flow, block) => exportedNames(flow, filters[block]));
  const picks = settleConflicts(flows, parents, exported);
  return flows.map((_flow, block) => ({
    parents: [...(parents[block] ?? [])]
      .sort((a, b) => a - b)
      .flatMap(parent => edge(ids[parent], picks[block]?.get(parent))),
    filter: filters[block] ?? { kind: 'auto' },
  }));
}

function edge(block: BlockId | undefined, pick: readonly string[] | undefined): readonly ParentEdge[] {
  if (block === undefined) return [];
  return [pick === undefined ? { block } : { block, use: new Map(pick.map(name => [name, name])) }];
}

/** A block whose filter lists a name hands it on even if it did not change it, so the blocks before it are not needed. */
function trim(flow: BlockFlow, filters: readonly Filter[]): BlockFlow {
  if (flow.everything) return flow;
  const wants = new Map<string, readonly number[]>();
  for (const [name, owners] of flow.wants) {
    const last = owners.at(-1) ?? 0;
    const filter = filters[last];
    wants.set(name, filter?.kind === 'names' && filter.patterns.includes(name) ? [last] : owners);
  }
  return { ...flow, wants };
}

/** A list where it is short and certain; `auto` where nobody reads, where anything may be read, or for a maybe. */
function chooseFilters(flows: readonly BlockFlow[], prelude: boolean): readonly Filter[] {
  const wanted = flows.map(() => new Set<string>());
  const open = flows.map(flow => flow.bindsUnknown);
  for (const flow of flows) {
    for (const [name, owners] of flow.wants) {
      for (const owner of owners) {
        wanted[owner]?.add(name);
        if (flow.everything) open[owner] = true;
      }
    }
  }
  return flows.map((flow, block) => {
    const names = [...(wanted[block] ?? [])].sort(byCodeUnit);
    const certain = names.every(name => flow.holds.has(name));
    if (
      (prelude && block === 0) ||
      open[block] === true ||
      !certain ||
      names.length === 0 ||
      names.length > LONGEST_LIST
    ) {
      return { kind: 'auto' };
    }
    return { kind: 'names', patterns: names };
  });
}

/** What may come out of a block: what its filter keeps, and what functions in that reach. */
function exportedNames(flow: BlockFlow, filter: Filter | undefined): ReadonlySet<string> {
  const kept = filter?.kind === 'names' ? filter.patterns : [...flow.makes];
  return new Set([...kept, ...kept.flatMap(name => [...(flow.brings.get(name) ?? [])])]);
}

/**
 * Two parents of a block may both export a name that it reads. Where both matter (one made it, the other changed
 * it), or a function brings the name along, the later one becomes a descendant of the earlier, so that it wins;
 * where only one is meant, the edge from the other leaves the name out.
 */
function settleConflicts(
  flows: readonly BlockFlow[],
  parents: readonly Set<number>[],
  exported: readonly ReadonlySet<string>[],
): readonly ReadonlyMap<number, readonly string[]>[] {
  const picks = flows.map(() => new Map<number, readonly string[]>());
  // later blocks first: an edge made here lies between earlier ones, which are settled afterwards
  for (let child = flows.length - 1; child >= 0; child--) {
    const flow = flows[child];
    const own = parents[child];
    if (flow === undefined || own === undefined) continue;
    for (const [name, owners] of flow.wants) {
      const last = owners.at(-1);
      if (last === undefined) continue;
      for (const [index, owner] of owners.entries()) {
        const next = owners[index + 1];
        if (next !== undefined) precede(parents, owner, next);
      }
      for (const parent of own) {
        // one that comes after the last owner hands the same on
        if (parent >= last || owners.includes(parent) || exported[parent]?.has(name) !== true) continue;
        const mine = wantedFrom(flow, parent);
        const isBrought = mine.some(one => flows[parent]?.brings.get(one)?.has(name) === true);
        const order = flow.everything || isBrought || mine.length > LONGEST_LIST || flow.follows.has(parent);
        if (order || descends(parents, last, parent)) precede(parents, parent, last);
        else picks[child]?.set(parent, mine);
      }
    }
  }
  return picks;
}

const wantedFrom = (flow: BlockFlow, parent: number): readonly string[] =>
  [...flow.wants]
    .filter(([, owners]) => owners.includes(parent))
    .map(([name]) => name)
    .sort(byCodeUnit);

function precede(parents: readonly Set<number>[], earlier: number, later: number): void {
  if (earlier < later && !descends(parents, later, earlier)) parents[later]?.add(earlier);
}

function descends(parents: readonly ReadonlySet<number>[], block: number, ancestor: number): boolean {
  const seen = new Set<number>();
  const waiting = [block];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    for (const parent of parents[one] ?? []) {
      if (parent === ancestor) return true;
      if (parent < ancestor || seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(parent);
    }
  }
  return false;
}
