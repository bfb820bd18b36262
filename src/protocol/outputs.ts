/** Cell outputs in the notebook format's own shapes (nbformat 4). */
import type { Json } from './dagFile.js';

export type JsonObject = { readonly [key: string]: Json };

export type CellOutput =
  | { readonly output_type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly output_type: 'display_data';
      readonly data: JsonObject;
      readonly metadata: JsonObject;
      readonly transient?: JsonObject;
    }
  | {
      readonly output_type: 'execute_result';
      readonly data: JsonObject;
      readonly metadata: JsonObject;
      readonly execution_count: number | null;
    }
  | {
      readonly output_type: 'error';
      readonly ename: string;
      readonly evalue: string;
      readonly traceback: readonly string[];
    };

/** What one executed code cell shows. */
export interface CellOutputs {
  readonly outputs: readonly CellOutput[];
  readonly executionCount: number | null;
}

/** What a block shows: its non-empty code cells in order, and the state of its widgets. */
export interface Display {
  readonly cells: readonly CellOutputs[];
  /** `application/vnd.jupyter.widget-state+json`, as nbclient keeps it; absent: no widgets. */
  readonly widgets?: JsonObject;
}
