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
