/** Graphs for layouts: drawn by fast-check, and regular ones of any size. */
import fc from 'fast-check';
import type { Edge, LayoutGraph, Spacing } from '../../src/dagLayout/index.js';

export const spacing: Spacing = {
  nodeWidth: 100,
  nodeHeight: 40,
  columnGap: 20,
  laneGap: 10,
  rowGap: 40,
  widest: Infinity,
};

/** Any acyclic graph of a few nodes, parts without edges between them included. */
export const graphs: fc.Arbitrary<LayoutGraph> = fc.integer({ min: 0, max: 24 }).chain(size =>
  fc
    .uniqueArray(fc.tuple(fc.nat(Math.max(0, size - 1)), fc.nat(Math.max(0, size - 1))), {
      maxLength: 50,
      selector: ([a, b]) => `${String(Math.min(a, b))} ${String(Math.max(a, b))}`,
    })
    .map(pairs => ({
      size,
      edges: pairs
        .filter(([a, b]) => a !== b)
        .map(([a, b]): Edge => ({ from: Math.min(a, b), to: Math.max(a, b) })),
    })),
);

/** Each node builds on one to three of the `near` before it. */
export function meshOf(size: number, near: number): LayoutGraph {
  let state = 12345;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const edges: Edge[] = [];
  for (let to = 1; to < size; to += 1) {
    const parents = new Set<number>();
    for (let count = 1 + next(3); count > 0; count -= 1) parents.add(to - 1 - next(Math.min(to, near)));
    for (const from of parents) edges.push({ from, to });
  }
  return { size, edges };
}
