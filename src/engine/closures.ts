/** What lies above and below blocks; no recursion, so that depth is no limit. */
import type { Graph } from './graph.js';

/** Marks of `seeds` and everything above them; a block for which `stop` holds is marked and not followed further. */
export function ancestorsOf(
  graph: Graph,
  seeds: Iterable<number>,
  stop: (block: number) => boolean = () => false,
): Uint8Array {
  return closure(graph.size, seeds, graph.parentStart, graph.parents, stop);
}

/** Marks of `seeds` and everything below them. */
export function descendantsOf(graph: Graph, seeds: Iterable<number>): Uint8Array {
  return closure(graph.size, seeds, graph.childStart, graph.children, () => false);
}

function closure(
  size: number,
  seeds: Iterable<number>,
  start: Int32Array,
  targets: Int32Array,
  stop: (block: number) => boolean,
): Uint8Array {
  const marked = new Uint8Array(size);
  const open: number[] = [];
  const visit = (block: number) => {
    if (marked[block] === 1) return;
    marked[block] = 1;
    if (!stop(block)) open.push(block);
  };
  for (const seed of seeds) visit(seed);
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    for (let slot = start[block]!; slot < start[block + 1]!; slot += 1) visit(targets[slot]!);
  }
  return marked;
}

/** Whether values of `ancestor` can have come to `block` along edges: edges for order only do not count. */
export function isDescendant(graph: Graph, ancestor: number, block: number): boolean {
  const floor = graph.rank[ancestor]!;
  if (graph.rank[block]! <= floor) return false;
  const seen = new Set<number>([block]);
  const open = [block];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (let slot = graph.parentStart[next]!; slot < graph.valueEnd[next]!; slot += 1) {
      const parent = graph.parents[slot]!;
      if (parent === ancestor) return true;
      // Nothing at or above the ancestor's place in the order can lie below it.
      if (graph.rank[parent]! > floor && !seen.has(parent)) {
        seen.add(parent);
        open.push(parent);
      }
    }
  }
  return false;
}
