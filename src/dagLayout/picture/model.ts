/** What every picture of the graph shows, whatever draws it. */
import type { GraphEdge, GraphNode } from '../../protocol/reports.js';
import type { Edge, LayoutGraph } from '../types.js';

/** Edges by place in `nodes`, which stand in topological order. */
export interface DrawnGraph extends LayoutGraph {
  readonly project: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly (Edge & GraphEdgeParts)[];
}

export type GraphEdgeParts = Pick<GraphEdge, 'kind' | 'session' | 'variables'>;
