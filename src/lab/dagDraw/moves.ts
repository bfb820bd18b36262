/** Where arrow keys lead: along edges from layer to layer, and to the neighbour within a layer. */
import type { Picture } from './scene.js';

export type Move = 'up' | 'down' | 'left' | 'right' | 'first' | 'last';

/** @returns the same node where there is nothing in that direction */
export function moved(picture: Picture, node: number, move: Move): number {
  const { graph, layout } = picture;
  if (graph.size === 0) return node;
  if (move === 'first') return 0;
  if (move === 'last') return graph.size - 1;
  const isDown = layout.direction === 'down';
  if (move === (isDown ? 'down' : 'right')) return nearest(picture, node, graph.children[node]!);
  if (move === (isDown ? 'up' : 'left')) return nearest(picture, node, graph.parents[node]!);
  return beside(picture, node, move === 'right' || move === 'down' ? 1 : -1);
}

/** The one in the nearest layer that is most nearly in line. */
function nearest({ layout }: Picture, node: number, among: Iterable<number>): number {
  const across = layout.direction === 'down' ? layout.x : layout.y;
  let best = node;
  let least = Infinity;
  for (const other of among) {
    const layers = Math.abs(layout.layer[other]! - layout.layer[node]!);
    const distance = layers * FAR + Math.abs(across[other]! - across[node]!);
    if (distance >= least) continue;
    least = distance;
    best = other;
  }
  return best;
}

/** More than any picture is wide. */
const FAR = 1e9;

/** The next one on that side at about the same height, whatever part of the graph it belongs to. */
function beside({ graph, layout, nodeWidth, nodeHeight }: Picture, node: number, sign: 1 | -1): number {
  const isDown = layout.direction === 'down';
  const across = isDown ? layout.x : layout.y;
  const along = isDown ? layout.y : layout.x;
  const thickness = isDown ? nodeHeight : nodeWidth;
  let best = node;
  let least = Infinity;
  for (let other = 0; other < graph.size; other += 1) {
    const distance = sign * (across[other]! - across[node]!);
    const isLevel = Math.abs(along[other]! - along[node]!) < thickness / 2;
    if (!isLevel || distance <= 0 || distance >= least) continue;
    least = distance;
    best = other;
  }
  return best;
}
