/**
 * What clients ask of the daemon, one entry a call: over HTTP (`POST /v1/calls/<name>`), over the stream, and in the
 * OpenAPI description. Paths are relative to the daemon's root with `/`, or absolute.
 */
import type { Json } from '../dagFile.js';
import type { JsonObject } from '../outputs.js';
import type { Problem } from '../problem.js';
import type { CrossingVariable } from '../reports.js';
import type { Reason } from '../states.js';
import type { FilterView, ParentView, PreviewView, ProjectView, RunSummary } from './view.js';

/** Which blocks: `needs` is a block with whatever it needs; `only` takes parents as they are stored. */
export type TargetView =
  | { readonly kind: 'affected' }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'ids';
      readonly selectors: readonly string[];
      readonly reach: 'needs' | 'only' | 'upstream' | 'downstream';
    };

/** A notebook as nbformat 4 has it. */
export type NotebookContent = JsonObject;

export interface InProject {
  readonly project: string;
}

export interface InBlock extends InProject {
  readonly block: string;
}

export interface RunParameters extends InProject {
  readonly target: TargetView;
  readonly force?: boolean;
  /** Blocks at a time; absent: as many as there are cores. */
  readonly jobs?: number;
  readonly parameters?: Readonly<Record<string, Json>>;
  /** Environment of who asks; absent: the daemon's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Who asks, in words. */
  readonly by?: string;
}

export interface PlannedView {
  readonly block: string;
  readonly reasons: readonly Reason[];
  /** Blocks that run again in its process, for values that can not be stored. */
  readonly replays: readonly string[];
}

export interface PreviewAnswer extends PreviewView {
  readonly planned: readonly PlannedView[];
  readonly notes: readonly string[];
}

export interface NewBlock extends InProject {
  readonly id: string;
  /** Of its code cells, top to bottom; empty: one empty cell. */
  readonly sources: readonly string[];
  /** `null`: found from the code. */
  readonly parents: readonly ParentView[] | null;
  readonly filter: FilterView;
  /** Block that it comes after in the order of `dag.json`; absent: the last. */
  readonly after?: string;
}

export interface Suggestion {
  /** A free name, from the first heading or the first thing that the code makes. */
  readonly name: string;
  readonly parents: readonly {
    readonly block: string;
    readonly variables: readonly CrossingVariable[];
  }[];
  /** Variables that the code makes or changes, with types as far as they are known. */
  readonly makes: readonly { readonly name: string; readonly type: string | null }[];
  /** Names that it reads and that no block makes. */
  readonly missing: readonly string[];
}

export interface SplitParameters {
  /** Folder that becomes the project where there is none yet. */
  readonly folder: string;
  /** Of the notebook. */
  readonly path: string;
  /** As it is in the editor; absent: as it is on disk. */
  readonly content?: NotebookContent;
  readonly by?: 'heading' | 'tag' | 'cell';
  /** Without it nothing is written. */
  readonly apply?: boolean;
}

export interface SplitAnswer {
  readonly project: string;
  readonly by: 'heading' | 'tag' | 'cell';
  readonly blocks: readonly {
    readonly id: string;
    /** 1-based among all cells of the notebook. */
    readonly cells: readonly number[];
    readonly parents: readonly string[];
    readonly filter: FilterView;
    readonly isPrelude: boolean;
  }[];
  /** What it can not split faithfully. */
  readonly warnings: readonly Problem[];
  /** The notebook as a flow view of the new blocks; only after `apply`. */
  readonly content?: NotebookContent;
}

export interface ConflictView {
  readonly block: string;
  /** 1-based, of the cell in `content` that shows both versions. */
  readonly cell: number;
  readonly about: 'cell' | 'name' | 'filter';
}

export interface MergeAnswer {
  /** The flow brought up to date: with what the blocks have by now, or with both versions of what both changed. */
  readonly content: NotebookContent;
  /** Outputs that came in are of blocks that this user trusts. */
  readonly isTrusted: boolean;
  /** Where there are any, no block was written. */
  readonly conflicts: readonly ConflictView[];
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  /** Blocks that are not in the flow any more and stay in the project. */
  readonly left: readonly string[];
}

export interface NotebookMerge {
  /** With both versions of what both sides changed, one below the other. */
  readonly content: NotebookContent;
  /** As it is on disk: what later edits are held against. */
  readonly base: NotebookContent;
  /** Outputs that came in are of a file that this user trusts. */
  readonly isTrusted: boolean;
  readonly conflicts: readonly ConflictView[];
}

export interface KernelCode {
  /** Python: binds the values in the namespace that runs it and prints nothing. */
  readonly code: string;
  readonly variables: readonly string[];
  readonly bytes: number;
  /** Digest of what it binds: a kernel that has run it is older than the blocks once this differs. */
  readonly version: string;
  /** What is not there, and why. */
  readonly notes: readonly string[];
}

export interface AdoptCode {
  /** Python: stores what the kernel computed, if the kernel itself can show that it ran the block's code and nothing else. */
  readonly code: string;
  /** To be given back with what the kernel reports. */
  readonly ticket: string;
}

export interface RunListed extends RunSummary {
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly target: readonly string[];
}

/** Name of the call to what goes in and what comes out. */
export interface Calls {
  hello: { parameters: object; result: Hello };
  /** The project that a file belongs to: that of the nearest `dag.json` in or above its folder. */
  locate: { parameters: { readonly path: string }; result: { readonly project: string | null } };
  createProject: {
    parameters: { readonly folder: string; readonly name?: string; readonly kernel?: string };
    result: InProject;
  };
  view: { parameters: InProject; result: ProjectView };
  run: { parameters: RunParameters; result: { readonly run: string } };
  /** `run`: only if it is that one that runs or waits; absent: the one that runs. */
  cancel: { parameters: InProject & { readonly run?: string }; result: object };
  preview: {
    parameters: InProject & { readonly target: TargetView; readonly force?: boolean };
    result: PreviewAnswer;
  };
  addBlock: { parameters: NewBlock; result: { readonly block: string; readonly notebook: string } };
  /** Cells of a block move into a new one: above it where they begin it, else below. Who reads what they make is linked. */
  splitBlock: {
    parameters: InBlock & {
      /** 1-based among all cells of the block's notebook, with what they hold. */
      readonly cells: readonly { readonly place: number; readonly source: string }[];
      readonly id: string;
      /** `null`: found from the code. */
      readonly parents: readonly ParentView[] | null;
      readonly filter: FilterView;
    };
    result: { readonly block: string; readonly notebook: string };
  };
  renameBlock: { parameters: InBlock & { readonly to: string }; result: object };
  removeBlock: { parameters: InBlock; result: object };
  /** A new order of all blocks. */
  reorderBlocks: { parameters: InProject & { readonly order: readonly string[] }; result: object };
  link: {
    parameters: InProject & {
      readonly parent: string;
      readonly child: string;
      readonly use?: Readonly<Record<string, string>>;
    };
    result: object;
  };
  unlink: {
    parameters: InProject & { readonly parent: string; readonly child: string };
    result: object;
  };
  setFilter: { parameters: InBlock & { readonly filter: FilterView }; result: object };
  undo: { parameters: InProject; result: object };
  redo: { parameters: InProject; result: object };
  /** What a new block of this code would be. `after`: block that it stands below. */
  suggest: {
    parameters: InProject & { readonly sources: readonly string[]; readonly after?: string };
    result: Suggestion;
  };
  /** `repr` of a stored value. */
  value: { parameters: InBlock & { readonly name: string }; result: { readonly text: string } };
  split: { parameters: SplitParameters; result: SplitAnswer };
  /** A notebook of the blocks and whatever they need. Nothing is written. */
  composeFlow: {
    parameters: InProject & { readonly blocks: readonly string[] };
    result: { readonly content: NotebookContent };
  };
  /** Merges a flow, as it is in an editor, with its blocks and writes the blocks; the flow itself is not written. */
  mergeFlow: {
    parameters: InProject & {
      readonly path: string;
      readonly content: NotebookContent;
      /** Only what the blocks have by now comes in; nothing is written, and edits of the flow wait for the next call. */
      readonly isUnsaved?: boolean;
      /** Cells that were edited since it was saved, as they were at each save: the block may have one from another page. */
      readonly saved?: readonly NotebookContent[];
    };
    result: MergeAnswer;
  };
  /** Brings what changed in the file of a block into the block's own notebook, as it is in an editor. Nothing is written. */
  mergeNotebook: {
    parameters: InProject & {
      readonly path: string;
      /** As it was loaded or saved last. */
      readonly base: NotebookContent;
      readonly content: NotebookContent;
    };
    result: NotebookMerge;
  };
  /** Code that gives a kernel the values that the block is given (`inputs`), or also those that it made (`state`). */
  kernelCode: { parameters: InBlock & { readonly what: 'inputs' | 'state' }; result: KernelCode };
  /** Code that has a kernel store what it computed for a block. */
  adoptCode: { parameters: InBlock; result: AdoptCode };
  /**
   * Takes what a kernel stored as the block's values until a run has made them: people and their kernels get them, runs do
   * not. `made`: what the kernel reports.
   */
  adopt: {
    parameters: InBlock & { readonly ticket: string; readonly made: JsonObject };
    result: { readonly variables: readonly string[]; readonly bytes: number };
  };
  runs: { parameters: InProject; result: { readonly runs: readonly RunListed[] } };
  collectCache: { parameters: InProject; result: { readonly freedBytes: number } };
}

export interface Hello {
  readonly version: number;
  readonly program: string;
  readonly pid: number;
  /** Absolute. */
  readonly root: string;
}

export type CallName = keyof Calls;
export type CallParameters<Name extends CallName> = Calls[Name]['parameters'];
export type CallResult<Name extends CallName> = Calls[Name]['result'];

export type CallHandler<Name extends CallName> = (
  parameters: CallParameters<Name>,
) => Promise<CallResult<Name>>;

/** What answers calls; expected failures are thrown as a `ProblemError`. */
export type CallHandlers = { readonly [Name in CallName]: CallHandler<Name> };
