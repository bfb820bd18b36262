/** The graph with its layout, as every drawing and `--json` have it. */
import { layOut, type Layout } from '../../dagLayout/index.js';
import type { GraphReport } from '../../protocol/reports.js';
import type { DrawnGraph } from './model.js';
import { fitted, harmless, remarkOf, widthOf } from './words.js';

export const NAME_SIZE = 13;
export const REMARK_SIZE = 11;
/** From the left side of a block to its text, where a mark stands before it; and where none does. */
export const TEXT_LEFT = 34;
export const TEXT_LEFT_PLAIN = 12;
const TEXT_RIGHT = 12;
const NARROWEST = 120;
const BROADEST = 240;
const NODE_HEIGHT = 46;

export interface PlacedGraph {
  readonly graph: DrawnGraph;
  readonly layout: Layout;
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly hasStates: boolean;
}

export function placed(graph: DrawnGraph): PlacedGraph {
  const hasStates = graph.nodes.some(({ state }) => state !== null);
  const around = (hasStates ? TEXT_LEFT : TEXT_LEFT_PLAIN) + TEXT_RIGHT;
  let text = 0;
  for (const node of graph.nodes) {
    text = Math.max(
      text,
      widthOf(harmless(node.id), NAME_SIZE, true),
      // A long reason is cut rather than making every block broad.
      Math.min(165, widthOf(remarkOf(node), REMARK_SIZE)),
    );
  }
  const nodeWidth = Math.ceil(Math.min(BROADEST, Math.max(NARROWEST, text + around)));
  const layout = layOut(graph, {
    nodeWidth,
    nodeHeight: NODE_HEIGHT,
    columnGap: 26,
    laneGap: 16,
    rowGap: 46,
    widest: Math.max(10, Math.ceil(1.5 * Math.sqrt(graph.size))),
  });
  return { graph, layout, nodeWidth, nodeHeight: NODE_HEIGHT, hasStates };
}

/** Text that fits into a block. */
export const fittedName = (
  { nodeWidth, hasStates }: PlacedGraph,
  text: string,
  size: number,
  bold: boolean,
) => fitted(text, nodeWidth - (hasStates ? TEXT_LEFT : TEXT_LEFT_PLAIN) - TEXT_RIGHT, size, bold);

export const tenth = (value: number): number => Math.round(value * 10) / 10;

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
