/** The JSON that `--json` prints. Scripts rely on these shapes. */
import type { BlockState, Reason } from './states.js';

export interface ExportReport {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  /** Digest of the component that holds it; `null`: not stored. */
  readonly digest: string | null;
}

export interface BlockStatus {
  readonly id: string;
  readonly state: BlockState;
  readonly reasons: readonly Reason[];
  readonly parents: readonly string[];
  /** Wall time of the execution that answers, or of the last one; `null`: none known. */
  readonly seconds: number | null;
  readonly exports: readonly ExportReport[];
}

export interface StatusReport {
  readonly project: string;
  readonly blocks: readonly BlockStatus[];
}

export interface RunReport {
  readonly run: string;
  readonly target: readonly string[];
  readonly executed: readonly string[];
  readonly restored: readonly string[];
  readonly fresh: readonly string[];
  readonly replayed: readonly string[];
  readonly failed: readonly string[];
  readonly blocked: readonly string[];
  readonly cancelled: readonly string[];
  readonly seconds: number;
}

/** A variable that crosses an edge: `name` as the parent calls it, `as` as the child does. */
export interface CrossingVariable {
  readonly name: string;
  readonly as: string;
  /** `null`: not known before the parent ran. */
  readonly type: string | null;
  readonly bytes: number | null;
}

export interface GraphNode {
  readonly id: string;
  /** `null`: states were not asked for. */
  readonly state: BlockState | null;
  readonly reasons: readonly Reason[];
  readonly prelude: boolean;
  readonly seconds: number | null;
  /** Of all that it hands on; `null`: nothing known. */
  readonly bytes: number | null;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** `order`: the child comes later and gets nothing. */
  readonly kind: 'values' | 'order';
  /** The parent's filter is off: it hands on its whole session. */
  readonly session: boolean;
  readonly variables: readonly CrossingVariable[];
}

/** Nodes in topological order, ties in notebook order; places in pixels, `x` and `y` of the upper left corner. */
export interface GraphReport {
  readonly project: string;
  readonly nodes: readonly (GraphNode & {
    readonly layer: number;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  })[];
  readonly edges: readonly GraphEdge[];
  /** Ids by layer, from left to right. */
  readonly layers: readonly (readonly string[])[];
}
