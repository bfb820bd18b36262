/**
 * What of a picture is in the document. A small graph is there as a whole. Of a large one there is what is in view and a
 * margin around it: as cards where they can be read, else as boxes that can be pointed at and told, over a canvas that shows them.
 */
import type { Box, Picture } from './scene.js';

/** World to screen: `x * scale + dx`. */
export interface Viewport {
  readonly dx: number;
  readonly dy: number;
  readonly scale: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

export type Detail = 'cards' | 'signs';

export interface Drawn {
  readonly detail: Detail;
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  /** Whether each edge is an element of its own that can be pointed at. */
  readonly hasSingleEdges: boolean;
  /** What lies in here is drawn. */
  readonly area: Box;
  /** Nothing is missing, wherever the view is. */
  readonly isWhole: boolean;
}

/** A graph up to this size is drawn as a whole, with all it has. */
export const WHOLE_GRAPH = 150;
/** Cards in view above which none could be read. */
const MOST_CARDS = 140;
/** Below it, names are too small to read. */
export const LEGIBLE_SCALE = 0.4;
/** Cards with those in the margin. */
const MOST_CARDS_DRAWN = 320;
const MOST_SINGLE_EDGES = 700;
/** Of the width and height of the view, on each side; narrower ones where more would be drawn than may be. */
const MARGINS = [0.6, 0.3, 0.1];

export const EVERYWHERE: Box = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };

/** @param always nodes that are drawn wherever they are, such as the one that has the focus */
export function drawnFor(picture: Picture, viewport: Viewport, always: readonly number[] = []): Drawn {
  const { size, edges } = picture.graph;
  if (size <= WHOLE_GRAPH)
    return {
      detail: 'cards',
      nodes: Array.from({ length: size }, (_, node) => node),
      edges: edges.map((_, edge) => edge),
      hasSingleEdges: edges.length <= MOST_SINGLE_EDGES,
      area: EVERYWHERE,
      isWhole: true,
    };
  const view = visibleBox(viewport);
  const isLegible = viewport.scale >= LEGIBLE_SCALE && nodesIn(picture, view).length <= MOST_CARDS;
  if (!isLegible) {
    const area = grown(view, MARGINS[0]!);
    return part(picture, area, 'signs', nodesIn(picture, area), always);
  }
  for (const margin of MARGINS) {
    const area = grown(view, margin);
    const nodes = nodesIn(picture, area);
    if (nodes.length <= MOST_CARDS_DRAWN) return part(picture, area, 'cards', nodes, always);
  }
  return part(picture, view, 'cards', nodesIn(picture, view), always);
}

function part(
  picture: Picture,
  area: Box,
  detail: Detail,
  nodes: readonly number[],
  always: readonly number[],
): Drawn {
  const edges: number[] = [];
  picture.edgeBoxes.forEach((box, edge) => {
    if (overlaps(box, area)) edges.push(edge);
  });
  const known = new Set(nodes);
  const added = always.filter(node => node < picture.graph.size && !known.has(node));
  return {
    detail,
    nodes: [...nodes, ...new Set(added)].sort((a, b) => a - b),
    edges,
    hasSingleEdges: detail === 'cards' && edges.length <= MOST_SINGLE_EDGES,
    area,
    isWhole: false,
  };
}

/** Whether everything that is in view lies in `area`; how finely it is drawn is another matter. */
export function covers(area: Box, viewport: Viewport, { layout }: Picture): boolean {
  const view = visibleBox(viewport);
  // Nothing lies outside the layout.
  return (
    Math.max(view.left, 0) >= area.left &&
    Math.max(view.top, 0) >= area.top &&
    Math.min(view.right, layout.width) <= area.right &&
    Math.min(view.bottom, layout.height) <= area.bottom
  );
}

export function visibleBox({ dx, dy, scale, width, height }: Viewport): Box {
  return {
    left: -dx / scale,
    top: -dy / scale,
    right: (width - dx) / scale,
    bottom: (height - dy) / scale,
  };
}

export function grown({ left, top, right, bottom }: Box, part: number): Box {
  const x = (right - left) * part;
  const y = (bottom - top) * part;
  return { left: left - x, top: top - y, right: right + x, bottom: bottom + y };
}

export const overlaps = (a: Box, b: Box): boolean =>
  a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;

export function nodesIn({ graph, layout, nodeWidth, nodeHeight }: Picture, box: Box): readonly number[] {
  const nodes: number[] = [];
  for (let node = 0; node < graph.size; node += 1) {
    const left = layout.x[node]!;
    const top = layout.y[node]!;
    if (left <= box.right && left + nodeWidth >= box.left && top <= box.bottom && top + nodeHeight >= box.top)
      nodes.push(node);
  }
  return nodes;
}
