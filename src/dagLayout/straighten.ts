/**
 * Long edges in as few upright pieces as their neighbours leave room for. Each waypoint may move between those beside it;
 * a piece goes on as long as one x lies in the room of all its waypoints.
 */
import type { Layered } from './chains.js';
import type { Spacing } from './types.js';

/** The second pass uses what the first one freed. */
const PASSES = 2;

/** Moves waypoints within `centre`; nodes stay. Returns the steps taken. */
export function straighten(
  { nodes, size, layer, firstWaypoint }: Layered,
  layers: readonly Int32Array[],
  spacing: Spacing,
  centre: Float64Array,
): number {
  const place = new Int32Array(size);
  for (const members of layers) for (let at = 0; at < members.length; at += 1) place[members[at]!] = at;
  const distance = (other: number): number => (other < nodes ? spacing.nodeWidth / 2 : 0) + spacing.laneGap;
  const leftOf = (waypoint: number): number => {
    const other = layers[layer[waypoint]!]![place[waypoint]! - 1];
    return other === undefined ? -Infinity : centre[other]! + distance(other);
  };
  const rightOf = (waypoint: number): number => {
    const other = layers[layer[waypoint]!]![place[waypoint]! + 1];
    return other === undefined ? Infinity : centre[other]! - distance(other);
  };
  const align = (from: number, end: number, least: number, most: number): void => {
    let sum = 0;
    for (let waypoint = from; waypoint < end; waypoint += 1) sum += centre[waypoint]!;
    const x = Math.max(least, Math.min(most, sum / (end - from)));
    for (let waypoint = from; waypoint < end; waypoint += 1) centre[waypoint] = x;
  };
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (let node = 0; node < nodes; node += 1) {
      const end = firstWaypoint[node + 1] ?? size;
      let from = firstWaypoint[node]!;
      let least = -Infinity;
      let most = Infinity;
      for (let waypoint = from; waypoint < end; waypoint += 1) {
        const left = leftOf(waypoint);
        const right = rightOf(waypoint);
        if (Math.max(least, left) > Math.min(most, right)) {
          align(from, waypoint, least, most);
          from = waypoint;
          least = left;
          most = right;
        } else {
          least = Math.max(least, left);
          most = Math.min(most, right);
        }
      }
      if (from < end) align(from, end, least, most);
    }
  }
  return 2 * PASSES * (size - nodes);
}
