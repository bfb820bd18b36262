/** Parts of a graph that no edge joins, and where they go on the page. */
import type { Edge, LayoutGraph } from './types.js';

export interface Component {
  /** Ascending, so their places here are numbered topologically too. */
  readonly nodes: readonly number[];
  /** Indices of its edges in the graph. */
  readonly edges: readonly number[];
}

/** In the order of their first nodes. */
export function componentsOf({ size, edges }: LayoutGraph): readonly Component[] {
  const above = Int32Array.from({ length: size }, (_, node) => node);
  const rootOf = (node: number): number => {
    let at = node;
    while (above[at] !== at) {
      above[at] = above[above[at]!]!;
      at = above[at]!;
    }
    return at;
  };
  for (const { from, to } of edges) {
    const a = rootOf(from);
    const b = rootOf(to);
    above[Math.max(a, b)] = Math.min(a, b);
  }
  const found = new Map<number, { nodes: number[]; edges: number[] }>();
  for (let node = 0; node < size; node += 1) {
    const root = rootOf(node);
    const known = found.get(root);
    if (known === undefined) found.set(root, { nodes: [node], edges: [] });
    else known.nodes.push(node);
  }
  edges.forEach(({ from }: Edge, index) => found.get(rootOf(from))!.edges.push(index));
  return [...found.values()];
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

/**
 * Left and top of each box: side by side in rows, about as wide together as a screen is to its height. Beside a high box
 * lower ones stand one below the other; rows of low ones, such as single blocks, come first.
 */
export function shelve(
  boxes: readonly Box[],
  gap: number,
): readonly { readonly x: number; readonly y: number }[] {
  const area = boxes.reduce((sum, { width, height }) => sum + (width + gap) * (height + gap), 0);
  const widest = boxes.reduce((most, { width }) => Math.max(most, width), 0);
  const limit = Math.max(widest, Math.sqrt(area * 1.6));
  const order = boxes.map((_, index) => index).sort((a, b) => boxes[b]!.height - boxes[a]!.height || a - b);
  const places = boxes.map(() => ({ x: 0, y: 0 }));
  const shelves: {
    members: number[];
    height: number;
    column: { x: number; width: number; bottom: number };
  }[] = [];
  for (const index of order) {
    const { width, height } = boxes[index]!;
    const shelf = shelves[shelves.length - 1];
    const column = shelf?.column;
    if (shelf === undefined || column === undefined) {
      shelves.push({ members: [index], height, column: { x: 0, width, bottom: height } });
    } else if (width <= column.width && column.bottom + gap + height <= shelf.height) {
      places[index] = { x: column.x, y: column.bottom + gap };
      column.bottom += gap + height;
      shelf.members.push(index);
    } else if (column.x + column.width + gap + width <= limit) {
      const x = column.x + column.width + gap;
      places[index] = { x, y: 0 };
      shelf.column = { x, width, bottom: height };
      shelf.members.push(index);
    } else shelves.push({ members: [index], height, column: { x: 0, width, bottom: height } });
  }
  let top = 0;
  for (const { members, height } of shelves.reverse()) {
    for (const index of members) places[index]!.y += top;
    top += height + gap;
  }
  return places;
}
