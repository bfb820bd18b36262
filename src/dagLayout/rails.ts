/**
 * One line a node, with its edges beside it as rails. A node that has children keeps one lane from its own line to the
 * line of its last child, so there are only as many lanes as nodes that still wait for one. Lines come one by one.
 */
import { childrenOf, checkEdges, parentsOf } from './rows.js';
import type { LayoutGraph } from './types.js';

/** Where the rails of a cell go on to. */
export const UP = 1;
export const DOWN = 2;
export const LEFT = 4;
export const RIGHT = 8;

export interface RailRow {
  readonly node: number;
  /** Lane in which the node itself stands. */
  readonly column: number;
  /** What is in each lane, as marks of `UP`, `DOWN`, `LEFT`, `RIGHT`; a lane that is only crossed has no `LEFT` nor `RIGHT`. */
  readonly cells: readonly number[];
  /** The horizontal rail reaches from the first of these lanes to the second. */
  readonly from: number;
  readonly to: number;
}

const FREE = -1;

export function* rails(graph: LayoutGraph): Generator<RailRow, void, undefined> {
  checkEdges(graph.size, graph.edges);
  const parents = parentsOf(graph.size, graph.edges);
  const children = childrenOf(graph.size, graph.edges);
  const laneOf = new Int32Array(graph.size).fill(FREE);
  /** The node whose children a lane leads to. */
  const lanes: number[] = [];
  const lastChild = (node: number): number => {
    let last = -1;
    for (let slot = children.start[node]!; slot < children.start[node + 1]!; slot += 1)
      last = Math.max(last, children.targets[slot]!);
    return last;
  };
  const ends = Int32Array.from({ length: graph.size }, (_, node) => lastChild(node));

  for (let node = 0; node < graph.size; node += 1) {
    const incoming = parents.targets
      .slice(parents.start[node]!, parents.start[node + 1]!)
      .map(parent => laneOf[parent]!)
      .sort();
    const isEnding = (lane: number) => ends[lanes[lane]!] === node;
    const column = chooseLane(lanes, incoming, isEnding);
    const from = Math.min(column, incoming[0] ?? column);
    const to = Math.max(column, incoming[incoming.length - 1] ?? column);
    const cells: number[] = [];
    const continues = ends[node]! >= 0;
    let next = 0;
    for (let lane = 0; lane < Math.max(lanes.length, column + 1); lane += 1) {
      const isParent = incoming[next] === lane;
      if (isParent) next += 1;
      const sideways = (lane > from && lane <= to ? LEFT : 0) | (lane >= from && lane < to ? RIGHT : 0);
      if (lane === column) cells.push(sideways | (isParent ? UP : 0) | (continues ? DOWN : 0));
      else if (isParent) cells.push(UP | (isEnding(lane) ? 0 : DOWN) | sideways);
      else if ((lanes[lane] ?? FREE) === FREE) cells.push(sideways);
      else cells.push(UP | DOWN);
    }
    for (const lane of incoming) if (isEnding(lane)) lanes[lane] = FREE;
    if (continues) {
      while (lanes.length < column) lanes.push(FREE);
      lanes[column] = node;
      laneOf[node] = column;
    }
    while (lanes.length > 0 && lanes[lanes.length - 1] === FREE) lanes.pop();
    yield { node, column, cells, from, to };
  }
}

/** The lane from which the fewest others have to be crossed; among those the nearest, then the leftmost. */
function chooseLane(
  lanes: readonly number[],
  incoming: Int32Array,
  isEnding: (lane: number) => boolean,
): number {
  if (incoming.length === 0) {
    const free = lanes.indexOf(FREE);
    return free < 0 ? lanes.length : free;
  }
  const first = incoming[0]!;
  const last = incoming[incoming.length - 1]!;
  // How many lanes left of a place lead elsewhere.
  const foreign = new Int32Array(lanes.length + 2);
  for (let lane = 0, next = 0; lane <= lanes.length; lane += 1) {
    const isParent = incoming[next] === lane;
    if (isParent) next += 1;
    const isForeign = !isParent && lane < lanes.length && lanes[lane] !== FREE;
    foreign[lane + 1] = foreign[lane]! + (isForeign ? 1 : 0);
  }
  let best = -1;
  let least = Infinity;
  for (let lane = 0, next = 0; lane <= lanes.length; lane += 1) {
    const isParent = incoming[next] === lane;
    if (isParent) next += 1;
    const isOpen = isParent ? isEnding(lane) : lane === lanes.length || lanes[lane] === FREE;
    if (!isOpen) continue;
    const from = Math.min(first, lane);
    const to = Math.max(last, lane);
    const crossed = foreign[to]! - foreign[from]!;
    // Left of its parents only where that spares crossings.
    const cost = 4 * crossed + (to - from) + (lane < first ? 1 : 0);
    if (cost < least) {
      least = cost;
      best = lane;
    }
  }
  return best;
}
