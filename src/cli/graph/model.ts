/** The graph that pictures show, from `dag.json` and what is known of its blocks. */
import type { DrawnGraph, Edge, GraphEdgeParts } from '../../dagLayout/index.js';
import type { Graph } from '../../engine/index.js';
import type { BlockDeclaration, DagFile } from '../../protocol/dagFile.js';
import type { CrossingVariable, GraphNode } from '../../protocol/reports.js';

/** What is known beyond `dag.json`. */
export interface Knowledge {
  node(block: number): Pick<GraphNode, 'state' | 'reasons' | 'seconds' | 'bytes'>;
  crossing(parent: number, child: number): readonly CrossingVariable[];
}

/** @param marks blocks to show; absent: all */
export function drawnGraph(
  dag: DagFile,
  graph: Graph,
  knowledge: Knowledge,
  marks: Uint8Array | undefined,
): DrawnGraph {
  const blocks = [...graph.order].filter(block => marks === undefined || marks[block] === 1);
  const placeOf = new Map(blocks.map((block, place) => [block, place]));
  const nodes = blocks.map((block): GraphNode => {
    const id = graph.ids[block]!;
    return { id, prelude: id === dag.prelude, ...knowledge.node(block) };
  });
  const edges: (Edge & GraphEdgeParts)[] = [];
  blocks.forEach((child, to) => {
    for (let slot = graph.parentStart[child]!; slot < graph.parentStart[child + 1]!; slot += 1) {
      const parent = graph.parents[slot]!;
      const from = placeOf.get(parent);
      if (from === undefined) continue;
      const isOrder = slot >= graph.valueEnd[child]!;
      const session = !isOrder && dag.blocks[parent]!.filter.kind === 'off';
      edges.push({
        from,
        to,
        kind: isOrder ? 'order' : 'values',
        session,
        variables: isOrder || session ? [] : knowledge.crossing(parent, child),
      });
    }
  });
  return { project: dag.name, size: nodes.length, nodes, edges };
}

/** Of structure alone: what edges say themselves. */
export function declaredKnowledge({ blocks }: DagFile): Knowledge {
  return {
    node: () => ({ state: null, reasons: [], seconds: null, bytes: null }),
    crossing: (parent, child) =>
      edgesBetween(blocks, parent, child).flatMap(({ use }) =>
        [...(use ?? [])].map(([name, as]) => ({ name, as, type: null, bytes: null })),
      ),
  };
}

const edgesBetween = (blocks: readonly BlockDeclaration[], parent: number, child: number) =>
  blocks[child]!.parents.filter(({ block }) => block === blocks[parent]!.id);
