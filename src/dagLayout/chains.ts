/**
 * The graph with edges between neighbouring layers only. An edge that passes layers has a waypoint in each of them; all
 * edges of one node share its chain of waypoints and leave it where they have to, which keeps both the picture and the
 * number of waypoints small.
 */
import { rowsOf } from './rows.js';
import type { Edge, Rows } from './types.js';

/** Nodes first, waypoints after them. */
export interface Layered {
  readonly nodes: number;
  /** Nodes and waypoints. */
  readonly size: number;
  readonly layer: Int32Array;
  readonly up: Rows;
  readonly down: Rows;
  /** The first waypoint below a node; they are numbered on from it. */
  readonly firstWaypoint: Int32Array;
  /** Edges that pass more layers than this have no waypoints. */
  readonly longest: number;
}

/** Waypoints an edge or node may cost on average before the longest edges go without. */
const WAYPOINTS_EACH = 12;
const WAYPOINTS_AT_LEAST = 4000;

export function withWaypoints(nodes: number, edges: readonly Edge[], nodeLayer: Int32Array): Layered {
  const longest = longestWithin(nodes, edges, nodeLayer);
  const reach = new Int32Array(nodes);
  for (const { from, to } of edges) {
    const span = nodeLayer[to]! - nodeLayer[from]!;
    if (span <= longest) reach[from] = Math.max(reach[from]!, span - 1);
  }
  const firstWaypoint = new Int32Array(nodes);
  let size = nodes;
  for (let node = 0; node < nodes; node += 1) {
    firstWaypoint[node] = size;
    size += reach[node]!;
  }
  const layer = new Int32Array(size);
  layer.set(nodeLayer);
  const upper: number[] = [];
  const lower: number[] = [];
  for (let node = 0; node < nodes; node += 1) {
    for (let step = 0; step < reach[node]!; step += 1) {
      const waypoint = firstWaypoint[node]! + step;
      layer[waypoint] = nodeLayer[node]! + 1 + step;
      upper.push(step === 0 ? node : waypoint - 1);
      lower.push(waypoint);
    }
  }
  for (const { from, to } of edges) {
    const span = nodeLayer[to]! - nodeLayer[from]!;
    if (span > longest) continue;
    upper.push(span === 1 ? from : firstWaypoint[from]! + span - 2);
    lower.push(to);
  }
  return {
    nodes,
    size,
    layer,
    up: rowsOf(size, lower, upper),
    down: rowsOf(size, upper, lower),
    firstWaypoint,
    longest,
  };
}

/** The longest span at which all chains together stay within what the graph may cost. */
function longestWithin(nodes: number, edges: readonly Edge[], layer: Int32Array): number {
  const affordable = WAYPOINTS_AT_LEAST + WAYPOINTS_EACH * (nodes + edges.length);
  const bySpan = edges
    .map(({ from, to }) => ({ from, span: layer[to]! - layer[from]! }))
    .sort((a, b) => a.span - b.span);
  const reach = new Int32Array(nodes);
  let waypoints = 0;
  for (const { from, span } of bySpan) {
    waypoints += Math.max(0, span - 1 - reach[from]!);
    reach[from] = Math.max(reach[from]!, span - 1);
    if (waypoints > affordable) return span - 1;
  }
  return Infinity;
}
