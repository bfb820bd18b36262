/** Who stands beside whom in each layer: sweeps down and up, each node at the mean place of its neighbours. */
import type { Layered } from './chains.js';
import type { Rows } from './types.js';

export interface Ordering {
  /** From left to right. */
  readonly layers: readonly Int32Array[];
  readonly crossings: number;
  readonly effort: number;
}

const SWEEPS = 24;
/** Sweeps without gain before it is enough. */
const PATIENCE = 6;
/** Passes of swapping neighbours, and the work they may cost for each node and edge. */
const SWAPPING_PASSES = 8;
const SWAPPING_WORK = 60;

export function orderLayers(graph: Layered): Ordering {
  let layers = firstOrder(graph);
  const place = new Int32Array(graph.size);
  setPlaces(layers, place);
  let effort = 0;
  const edges = graph.down.targets.length;
  let best = layers.map(layer => layer.slice());
  let fewest = countCrossings(graph, layers, place);
  effort += edges;
  for (let sweep = 0, idle = 0; sweep < SWEEPS && fewest > 0 && idle < PATIENCE; sweep += 1) {
    const downwards = sweep % 2 === 0;
    for (let step = 1; step < layers.length; step += 1) {
      const at = downwards ? step : layers.length - 1 - step;
      sortByNeighbours(layers[at]!, downwards ? graph.up : graph.down, place);
    }
    const crossings = countCrossings(graph, layers, place);
    effort += 2 * edges + graph.size;
    idle += 1;
    if (crossings >= fewest) continue;
    fewest = crossings;
    best = layers.map(layer => layer.slice());
    idle = 0;
  }
  layers = best;
  setPlaces(layers, place);
  effort += swapNeighbours(graph, layers, place, SWAPPING_WORK * (graph.size + edges));
  return { layers, crossings: countCrossings(graph, layers, place), effort };
}

/** Depth first from the upper left, so that what belongs together starts side by side: trees come out without a crossing. */
function firstOrder({ size, layer, up, down }: Layered): Int32Array[] {
  const counts: number[] = [];
  for (const each of layer) counts[each] = (counts[each] ?? 0) + 1;
  const layers = Array.from(counts, count => new Int32Array(count ?? 0));
  const filled = new Int32Array(layers.length);
  const seen = new Uint8Array(size);
  const open: number[] = [];
  const visit = (root: number): void => {
    open.push(root);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen[node] === 1) continue;
      seen[node] = 1;
      const at = layer[node]!;
      layers[at]![filled[at]!] = node;
      filled[at]! += 1;
      for (let slot = down.start[node + 1]! - 1; slot >= down.start[node]!; slot -= 1)
        open.push(down.targets[slot]!);
    }
  };
  for (let node = 0; node < size; node += 1) if (up.start[node] === up.start[node + 1]) visit(node);
  return layers;
}

function setPlaces(layers: readonly Int32Array[], place: Int32Array): void {
  for (const layer of layers) for (let at = 0; at < layer.length; at += 1) place[layer[at]!] = at;
}

/** A node without neighbours on that side stays at its place. */
function sortByNeighbours(layer: Int32Array, neighbours: Rows, place: Int32Array): void {
  const wish = new Float64Array(layer.length);
  for (let at = 0; at < layer.length; at += 1) {
    const node = layer[at]!;
    const first = neighbours.start[node]!;
    const end = neighbours.start[node + 1]!;
    let sum = 0;
    for (let slot = first; slot < end; slot += 1) sum += place[neighbours.targets[slot]!]!;
    wish[at] = end > first ? sum / (end - first) : at;
  }
  const order = Array.from(layer, (_, at) => at).sort((a, b) => wish[a]! - wish[b]! || a - b);
  const before = layer.slice();
  for (let at = 0; at < order.length; at += 1) {
    layer[at] = before[order[at]!]!;
    place[layer[at]!] = at;
  }
}

/** Pairs of edges that cross between neighbouring layers, with a Fenwick tree over places. */
export function countCrossings({ down }: Layered, layers: readonly Int32Array[], place: Int32Array): number {
  let crossings = 0;
  for (let at = 0; at + 1 < layers.length; at += 1) {
    const width = layers[at + 1]!.length;
    const tree = new Int32Array(width + 1);
    let before = 0;
    for (const node of layers[at]!) {
      const ends = sortedPlaces(down, node, place);
      // Edges of one node do not cross each other: first count, then add.
      for (const end of ends) {
        let atMost = 0;
        for (let index = end + 1; index > 0; index -= index & -index) atMost += tree[index]!;
        crossings += before - atMost;
      }
      for (const end of ends)
        for (let index = end + 1; index <= width; index += index & -index) tree[index]! += 1;
      before += ends.length;
    }
  }
  return crossings;
}

function sortedPlaces(rows: Rows, node: number, place: Int32Array): Int32Array {
  const places = new Int32Array(rows.start[node + 1]! - rows.start[node]!);
  for (let slot = rows.start[node]!, at = 0; at < places.length; slot += 1, at += 1)
    places[at] = place[rows.targets[slot]!]!;
  return places.sort();
}

/** Swaps neighbours where that takes crossings away, until nothing is gained or the work is used up. Returns the work. */
function swapNeighbours(
  graph: Layered,
  layers: readonly Int32Array[],
  place: Int32Array,
  allowed: number,
): number {
  let work = 0;
  for (let pass = 0, gained = true; pass < SWAPPING_PASSES && gained; pass += 1) {
    gained = false;
    for (const layer of layers) {
      for (let at = 0; at + 1 < layer.length; at += 1) {
        if (work > allowed) return work;
        const left = layer[at]!;
        const right = layer[at + 1]!;
        let difference = 0;
        for (const rows of [graph.up, graph.down]) {
          const ofLeft = sortedPlaces(rows, left, place);
          const ofRight = sortedPlaces(rows, right, place);
          difference += crossingsOf(ofRight, ofLeft) - crossingsOf(ofLeft, ofRight);
          work += ofLeft.length + ofRight.length + 1;
        }
        if (difference >= 0) continue;
        layer[at] = right;
        layer[at + 1] = left;
        place[right] = at;
        place[left] = at + 1;
        gained = true;
      }
    }
  }
  return work;
}

/** Crossings of the edges of two neighbours; places are sorted. */
function crossingsOf(left: Int32Array, right: Int32Array): number {
  let crossings = 0;
  let below = 0;
  for (const end of left) {
    while (below < right.length && right[below]! < end) below += 1;
    crossings += below;
  }
  return crossings;
}
