/** The graph with its layout, as every drawing and `--json` have it. */
import type { GraphReport } from '../../protocol/reports.js';
import { layOut } from '../layOut.js';
import type { Direction, Layout, Spacing } from '../types.js';
import type { DrawnGraph } from './model.js';
import { tenth } from './paths.js';
import { fitted, harmless, remarkOf, widthOf } from './words.js';

export const NAME_SIZE = 13;
export const REMARK_SIZE = 11;
/** From the left side of a block to its text, where a mark stands before it; and where none does. */
export const TEXT_LEFT = 34;
export const TEXT_LEFT_PLAIN = 12;
export const TEXT_RIGHT = 12;
const NARROWEST = 120;
const BROADEST = 240;
const BROADEST_REMARK = 165;
export const NODE_HEIGHT = 46;

export interface PlacedGraph {
  readonly graph: DrawnGraph;
  readonly layout: Layout;
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly hasStates: boolean;
}

/** @param direction where children stand from their parents */
export function placed(graph: DrawnGraph, direction: Direction = 'down'): PlacedGraph {
  const hasStates = graph.nodes.some(({ state }) => state !== null);
  const nodeWidth = nodeWidthFor(
    graph.nodes.map(({ id }) => harmless(id)),
    graph.nodes.map(remarkOf),
    hasStates ? TEXT_LEFT : TEXT_LEFT_PLAIN,
  );
  const layout = layOut(graph, spacingFor(graph.size, nodeWidth, direction), direction);
  return { graph, layout, nodeWidth, nodeHeight: NODE_HEIGHT, hasStates };
}

/** As broad as the names need, within bounds; a long remark is cut rather than making every block broad. */
export function nodeWidthFor(
  names: readonly string[],
  remarks: readonly string[],
  textLeft = TEXT_LEFT,
): number {
  let text = 0;
  for (const name of names) text = Math.max(text, widthOf(name, NAME_SIZE, true));
  for (const remark of remarks)
    text = Math.max(text, Math.min(BROADEST_REMARK, widthOf(remark, REMARK_SIZE)));
  return Math.ceil(Math.min(BROADEST, Math.max(NARROWEST, text + textLeft + TEXT_RIGHT)));
}

export const spacingFor = (size: number, nodeWidth: number, direction: Direction): Spacing => ({
  nodeWidth,
  nodeHeight: NODE_HEIGHT,
  columnGap: 26,
  laneGap: 16,
  // Names of variables stand along an edge to the right, and across one downwards.
  rowGap: direction === 'down' ? 46 : 72,
  widest: Math.max(10, Math.ceil(1.5 * Math.sqrt(size))),
});

/** Text that fits into a block. */
export const fittedName = (
  { nodeWidth, hasStates }: PlacedGraph,
  text: string,
  size: number,
  bold: boolean,
) => fitted(text, nodeWidth - (hasStates ? TEXT_LEFT : TEXT_LEFT_PLAIN) - TEXT_RIGHT, size, bold);

export function graphReport({ graph, layout, nodeWidth, nodeHeight }: PlacedGraph): GraphReport {
  const idOf = (node: number): string => graph.nodes[node]!.id;
  return {
    project: graph.project,
    nodes: graph.nodes.map((node, index) => ({
      ...node,
      layer: layout.layer[index]!,
      x: tenth(layout.x[index]!),
      y: tenth(layout.y[index]!),
      width: nodeWidth,
      height: nodeHeight,
    })),
    edges: graph.edges.map(({ from, to, ...edge }) => ({ from: idOf(from), to: idOf(to), ...edge })),
    layers: layout.layers.map(members => members.map(idOf)),
  };
}
