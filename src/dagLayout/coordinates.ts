/**
 * How far to the right everything stands. In turn each layer moves as near to its neighbours as the distances within it
 * allow; the nearest such places are found exactly, by pooling (isotonic regression), in time linear in the layer.
 */
import type { Layered } from './chains.js';
import { straighten } from './straighten.js';
import type { Rows, Spacing } from './types.js';

/** Rounds that look one way at a time spread the graph out; those that look both ways then straighten it. */
const SPREADING = 4;
const STRAIGHTENING = 8;

/** Centres by node and waypoint; the leftmost edge of a node is at 0. */
export function centresOf(
  graph: Layered,
  layers: readonly Int32Array[],
  spacing: Spacing,
): { readonly centre: Float64Array; readonly effort: number } {
  const centre = new Float64Array(graph.size);
  const offsets = layers.map(layer => offsetsOf(graph, layer, spacing));
  layers.forEach((layer, at) => {
    const middle = (offsets[at]![layer.length - 1] ?? 0) / 2;
    layer.forEach((node, index) => {
      centre[node] = offsets[at]![index]! - middle;
    });
  });
  const settle = (at: number, sides: readonly Rows[]) =>
    moveLayer(graph, layers[at]!, offsets[at]!, sides, centre);
  for (let round = 0; round < SPREADING; round += 1) {
    for (let at = 1; at < layers.length; at += 1) settle(at, [graph.up]);
    for (let at = layers.length - 2; at >= 0; at -= 1) settle(at, [graph.down]);
  }
  for (let round = 0; round < STRAIGHTENING; round += 1) {
    for (let at = 0; at < layers.length; at += 1) settle(at, [graph.up, graph.down]);
    for (let at = layers.length - 1; at >= 0; at -= 1) settle(at, [graph.up, graph.down]);
  }
  const steps = straighten(graph, layers, spacing, centre);
  let least = Infinity;
  for (let node = 0; node < graph.size; node += 1)
    least = Math.min(least, centre[node]! - (node < graph.nodes ? spacing.nodeWidth / 2 : 0));
  return {
    centre: centre.map(x => x - least),
    effort: steps + (2 * SPREADING + 4 * STRAIGHTENING) * (graph.size + graph.down.targets.length),
  };
}

/** Least distance of each place in a layer from its first, centre to centre. */
function offsetsOf({ nodes }: Layered, layer: Int32Array, spacing: Spacing): Float64Array {
  const offsets = new Float64Array(layer.length);
  for (let at = 1; at < layer.length; at += 1) {
    const left = layer[at - 1]! < nodes;
    const right = layer[at]! < nodes;
    const halves = ((left ? spacing.nodeWidth : 0) + (right ? spacing.nodeWidth : 0)) / 2;
    offsets[at] = offsets[at - 1]! + halves + (left && right ? spacing.columnGap : spacing.laneGap);
  }
  return offsets;
}

/** How much a pair wants to stand in line: chains of waypoints most of all, so that long edges run straight. */
const pull = (nodes: number, one: number, other: number): number =>
  one < nodes ? (other < nodes ? 1 : 2) : other < nodes ? 2 : 8;

function moveLayer(
  { nodes }: Layered,
  layer: Int32Array,
  offsets: Float64Array,
  sides: readonly Rows[],
  centre: Float64Array,
): void {
  // Groups of neighbours that stand as close as they may: weight, mean wish less offset, and where each begins.
  const begins: number[] = [];
  const weights: number[] = [];
  const means: number[] = [];
  for (let at = 0; at < layer.length; at += 1) {
    const node = layer[at]!;
    let weight = 0;
    let sum = 0;
    for (const rows of sides) {
      for (let slot = rows.start[node]!; slot < rows.start[node + 1]!; slot += 1) {
        const other = rows.targets[slot]!;
        const strength = pull(nodes, node, other);
        weight += strength;
        sum += strength * centre[other]!;
      }
    }
    let mean = (weight > 0 ? sum / weight : centre[node]!) - offsets[at]!;
    if (weight === 0) weight = 0.01;
    let begin = at;
    while (means.length > 0 && means[means.length - 1]! >= mean) {
      const joined = weights.pop()!;
      mean = (mean * weight + means.pop()! * joined) / (weight + joined);
      weight += joined;
      begin = begins.pop()!;
    }
    begins.push(begin);
    weights.push(weight);
    means.push(mean);
  }
  for (let group = 0; group < begins.length; group += 1) {
    const end = begins[group + 1] ?? layer.length;
    for (let at = begins[group]!; at < end; at += 1) centre[layer[at]!] = means[group]! + offsets[at]!;
  }
}
