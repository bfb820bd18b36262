/** What a tab knows of a project: everything that is drawn, and nothing that would have to be worked out. */
import type { Problem } from '../problem.js';
import type { CrossingVariable, ExportReport, GraphEdge } from '../reports.js';
import type { BlockState, Reason } from '../states.js';

/** Version of the views, patches, calls and messages between the daemon and its clients. */
export const RESIDENT_VERSION = 1;

export type FilterView =
  | { readonly kind: 'auto' }
  | { readonly kind: 'names'; readonly patterns: readonly string[] }
  | { readonly kind: 'off' };

export interface ParentView {
  readonly block: string;
  /** Name of the parent to name of the child; `null`: every name as it is. */
  readonly use: Readonly<Record<string, string>> | null;
}

export interface FailureView {
  readonly message: string;
  /** 1-based among all cells of the block's notebook; `null`: no cell is to blame. */
  readonly cell: number | null;
  /** As IPython prints it, with ANSI colours; empty where there is none. */
  readonly traceback: readonly string[];
  readonly remedy: string;
}

export interface ProgressView {
  /** Code cells that are done, of `cells`. */
  readonly done: number;
  readonly cells: number;
  /** 1-based among all cells of the block's notebook, of the cell that runs now; `null`: between cells. */
  readonly cell: number | null;
  /** When the block began, milliseconds since the epoch. */
  readonly since: number;
  /** How long it took the last time; `null`: not known. */
  readonly expectedSeconds: number | null;
}

/** A variable that the block makes and does not hand on. */
export interface WithheldView {
  readonly name: string;
  readonly type: string;
  /** `opaque`: it can not be stored. `filter`: the filter leaves it out. `unread`: nobody reads it, and it is large. */
  readonly why: string;
  readonly detail: string;
}

export interface BlockView {
  readonly id: string;
  /** Permanent identity; renaming keeps it. */
  readonly uid: string;
  /** Relative to the project, with `/`. */
  readonly notebook: string;
  /** Another one whenever the file of its notebook is; absent: not known. */
  readonly fileVersion?: string;
  readonly state: BlockState;
  /** Never empty but for `fresh`: *cell 2 changed*, *waits for model*. */
  readonly reasons: readonly Reason[];
  readonly parents: readonly ParentView[];
  /** Order without values. */
  readonly after: readonly string[];
  readonly filter: FilterView;
  readonly tags: Readonly<Record<string, string>>;
  readonly isPrelude: boolean;
  /** Wall time of the execution that answers, or of the last one. */
  readonly seconds: number | null;
  /** Of all that it hands on, stored. */
  readonly bytes: number | null;
  readonly exports: readonly ExportReport[];
  readonly withheld: readonly WithheldView[];
  /** Number of its code cells that are not empty. */
  readonly codeCells: number;
  /** 1-based among all cells of its notebook: code cells that differ from those that made the result it shows. */
  readonly changedCells: readonly number[];
  readonly failure: FailureView | null;
  /** While it runs. */
  readonly progress: ProgressView | null;
  /** How the last run of this session ended for it: shown until the block changes. */
  readonly lastRun: 'executed' | 'restored' | 'fresh' | null;
  /** What is shown was adopted from a kernel, and no run has confirmed it yet. */
  readonly isLocal: boolean;
}

/** What *Run affected* would do now. */
export interface PreviewView {
  /** Blocks that will run. */
  readonly runs: readonly string[];
  /** Blocks that run only if their inputs come out different. */
  readonly mayRun: readonly string[];
  /** Blocks whose stored results are put back. */
  readonly restored: readonly string[];
  /** Blocks that stay as they are. */
  readonly kept: readonly string[];
  /** Estimated wall time if all of it runs; `null`: nothing is known of any of them. */
  readonly seconds: number | null;
  readonly peakBytes: number | null;
}

export interface RunView {
  readonly run: string;
  readonly target: readonly string[];
  /** Blocks that may run. */
  readonly upTo: number;
  /** Blocks of the target that are done with. */
  readonly done: number;
  /** Who asked: a tab, a terminal, a schedule. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly isCancelling: boolean;
  /** Runs that wait for the end of this one. */
  readonly waiting: number;
}

/** How a run of this session ended. */
export interface RunSummary {
  readonly run: string;
  readonly seconds: number;
  readonly executed: readonly string[];
  readonly restored: readonly string[];
  readonly fresh: readonly string[];
  readonly failed: readonly string[];
  readonly blocked: readonly string[];
  readonly cancelled: readonly string[];
}

export interface CacheView {
  readonly bytes: number;
  /** Time that stored results saved, since the project began. */
  readonly savedSeconds: number;
}

/** Everything but the blocks; each field is replaced as a whole. */
export interface ProjectFields {
  readonly name: string;
  readonly kernel: string;
  /** Nothing can be written: the project can be looked at. */
  readonly isReadOnly: boolean;
  readonly prelude: string | null;
  /** With the variables that cross, as far as they are known. */
  readonly edges: readonly GraphEdge[];
  readonly preview: PreviewView;
  readonly run: RunView | null;
  readonly lastRun: RunSummary | null;
  readonly cache: CacheView | null;
  /** What keeps the project from being judged; its blocks are then as they were last known. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What undo and redo would do to `dag.json`, in words; `null`: nothing. */
  readonly undo: string | null;
  readonly redo: string | null;
}

export interface ProjectView extends ProjectFields {
  readonly version: typeof RESIDENT_VERSION;
  /** Folder of the project relative to the daemon's root, with `/`; empty: the root itself. */
  readonly project: string;
  /** Grows by one with each patch. */
  readonly revision: number;
  /** In notebook order, that of `dag.json`. */
  readonly blocks: readonly BlockView[];
}

export type { CrossingVariable, ExportReport, GraphEdge };
