/** Which layer a node is in: one below its lowest parent, unless that layer is full. */
import type { Rows } from './types.js';

export function assignLayers(size: number, parents: Rows, children: Rows, widest: number): Int32Array {
  const layer = new Int32Array(size);
  const taken: number[] = [];
  // `below[l]`: where to look on when layer `l` is full, so that full layers are not walked through again and again.
  const below: number[] = [];
  const firstFree = (from: number): number => {
    let at = from;
    while ((taken[at] ?? 0) >= widest) at = below[at] ?? at + 1;
    for (let full = from; full < at;) {
      const next = below[full] ?? full + 1;
      below[full] = at;
      full = next;
    }
    return at;
  };
  for (let node = 0; node < size; node += 1) {
    let least = 0;
    for (let slot = parents.start[node]!; slot < parents.start[node + 1]!; slot += 1)
      least = Math.max(least, layer[parents.targets[slot]!]! + 1);
    const free = firstFree(least);
    layer[node] = free;
    taken[free] = (taken[free] ?? 0) + 1;
  }
  pullDown(layer, taken, parents, children, widest);
  return withoutGaps(layer);
}

/** A node with more children than parents moves down to them: that shortens more edges than it stretches. */
function pullDown(layer: Int32Array, taken: number[], parents: Rows, children: Rows, widest: number): void {
  for (let node = layer.length - 1; node >= 0; node -= 1) {
    const above = parents.start[node + 1]! - parents.start[node]!;
    const first = children.start[node]!;
    const end = children.start[node + 1]!;
    if (end - first <= above) continue;
    let lowest = Infinity;
    for (let slot = first; slot < end; slot += 1)
      lowest = Math.min(lowest, layer[children.targets[slot]!]! - 1);
    const before = layer[node]!;
    if (lowest <= before || (taken[lowest] ?? 0) >= widest) continue;
    taken[before]! -= 1;
    taken[lowest] = (taken[lowest] ?? 0) + 1;
    layer[node] = lowest;
  }
}

function withoutGaps(layer: Int32Array): Int32Array {
  let deepest = -1;
  for (const each of layer) deepest = Math.max(deepest, each);
  const used = new Uint8Array(deepest + 1);
  for (const each of layer) used[each] = 1;
  const renumbered = new Int32Array(deepest + 1);
  for (let each = 0, next = 0; each <= deepest; each += 1) {
    renumbered[each] = next;
    next += used[each]!;
  }
  return layer.map(each => renumbered[each]!);
}
