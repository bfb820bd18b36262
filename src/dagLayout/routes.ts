/** Heights of the layers, and the way of every edge through them. */
import type { Layered } from './chains.js';
import type { Bend, Edge, Route, Spacing } from './types.js';

/** A gap grows where edges run far to the side in it, so that they stay told apart. */
const GROWTH = 1 / 14;
const MOST_GROWTH = 1.5;
/** Where several edges arrive at a node: how far apart, and over which part of its width. */
const ARRIVAL_GAP = 12;
const ARRIVAL_PART = 0.7;

/** Top of each layer. */
export function rowsFor(
  { size, layer, down }: Layered,
  count: number,
  centre: Float64Array,
  spacing: Spacing,
): Float64Array {
  const farthest = new Float64Array(count);
  for (let node = 0; node < size; node += 1) {
    for (let slot = down.start[node]!; slot < down.start[node + 1]!; slot += 1) {
      const distance = Math.abs(centre[node]! - centre[down.targets[slot]!]!);
      farthest[layer[node]!] = Math.max(farthest[layer[node]!]!, distance);
    }
  }
  const tops = new Float64Array(count);
  for (let at = 1; at < count; at += 1) {
    const growth = Math.min(MOST_GROWTH * spacing.rowGap, farthest[at - 1]! * GROWTH);
    tops[at] = tops[at - 1]! + spacing.nodeHeight + Math.round(spacing.rowGap + growth);
  }
  return tops;
}

export function routesOf(
  { layer, firstWaypoint, longest }: Layered,
  edges: readonly Edge[],
  centre: Float64Array,
  tops: Float64Array,
  spacing: Spacing,
): readonly Route[] {
  const arrivals = new Map<number, { edge: number; comesFrom: number }[]>();
  const routes = edges.map(({ from, to }, edge): Route => {
    const span = layer[to]! - layer[from]!;
    const direct = span > longest;
    const bends: Bend[] = [];
    for (let step = 0; !direct && step < span - 1; step += 1) {
      const begin = tops[layer[from]! + 1 + step]!;
      bends.push({
        lane: centre[firstWaypoint[from]! + step]!,
        begin,
        end: begin + spacing.nodeHeight,
      });
    }
    const arrival = { edge, comesFrom: bends[bends.length - 1]?.lane ?? centre[from]! };
    const known = arrivals.get(to);
    if (known === undefined) arrivals.set(to, [arrival]);
    else known.push(arrival);
    const start = { x: centre[from]!, y: tops[layer[from]!]! + spacing.nodeHeight };
    return { from, to, start, bends, end: { x: centre[to]!, y: tops[layer[to]!]! }, direct };
  });
  for (const [, coming] of arrivals) {
    if (coming.length === 1) continue;
    coming.sort((a, b) => a.comesFrom - b.comesFrom || a.edge - b.edge);
    const gap = Math.min(ARRIVAL_GAP, (ARRIVAL_PART * spacing.nodeWidth) / (coming.length - 1));
    coming.forEach(({ edge }, index) => {
      const route = routes[edge]!;
      const x = route.end.x + (index - (coming.length - 1) / 2) * gap;
      routes[edge] = { ...route, end: { x, y: route.end.y } };
    });
  }
  return routes;
}
