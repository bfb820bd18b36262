/** What goes into `step` and what comes out of it. */
import type { Filter, Json } from '../protocol/dagFile.js';
import type { BlockId, Key, RunId } from '../protocol/ids.js';
import type { Problem } from '../protocol/problem.js';
import type { RunReport } from '../protocol/reports.js';
import type { Reason } from '../protocol/states.js';
import type { Ingredients, Trace } from '../protocol/trace.js';
import type { Ambient } from './ambient.js';
import type { BoundComponent } from './resolvedInputs.js';
import type { RunRequest } from './selection.js';

export interface RunOptions {
  readonly run: RunId;
  readonly request: RunRequest;
  /** How many blocks may execute at a time, at least 1. */
  readonly jobs: number;
}

/** How an execution ended. */
export type Outcome =
  /** Its trace and everything it stored are committed, so the world would find it. */
  | { readonly kind: 'stored'; readonly trace: Trace }
  /** `replayed`: blocks whose code ran again for it before it ended. */
  | { readonly kind: 'failed' | 'interrupted'; readonly replayed: readonly BlockId[] };

export type RunInput =
  | { readonly kind: 'started' }
  /** `key` is that of the execute effect; another one is dropped. */
  | { readonly kind: 'finished'; readonly block: BlockId; readonly key: Key; readonly outcome: Outcome }
  /** `ok` false: what was stored could not be read any more, so the block runs. */
  | { readonly kind: 'restored'; readonly block: BlockId; readonly ok: boolean }
  | { readonly kind: 'cancel' };

/** Code to run in the session before the block's own, or the block's own, and what it starts from. */
export interface Segment {
  readonly block: BlockId;
  readonly role: 'replay' | 'main';
  readonly inputs: readonly BoundComponent[];
  /** Sessions made beside first, for values of theirs that can not be stored. */
  readonly live: readonly LiveSession[];
  /** State its code starts from. */
  readonly ambient: Ambient;
}

export interface LiveSession {
  /** Replays; the last one is of the block whose variables are handed on. */
  readonly segments: readonly Segment[];
  /** Its name → names to bind. */
  readonly bind: ReadonlyMap<string, readonly string[]>;
}

export interface ExecuteEffect {
  readonly kind: 'execute';
  readonly block: BlockId;
  readonly key: Key;
  readonly ingredients: Ingredients;
  readonly reasons: readonly Reason[];
  /** From 1; more after failures, as the block's `retries` allow. */
  readonly attempt: number;
  /** Replays in order, the block itself last. The prelude goes before them and is not listed. */
  readonly segments: readonly Segment[];
  /** Parameters that any of the segments reads. */
  readonly parameters: ReadonlyMap<string, Json>;
  /** State the block starts with, and what a discovered `ambient` dependency is recorded with and verified against. */
  readonly ambient: Ambient;
  readonly filter: Filter;
  /** Names that children read; `null`: any. */
  readonly wanted: readonly string[] | null;
  /** Whether blocks of this run may continue its session. */
  readonly hold: boolean;
  /** Name that nothing gives → what to do about it. */
  readonly hints: ReadonlyMap<string, string>;
}

export type Effect =
  | ExecuteEffect
  /** Answered by a `restored` input. */
  | { readonly kind: 'restore'; readonly block: BlockId; readonly trace: Trace }
  | { readonly kind: 'fresh'; readonly block: BlockId; readonly trace: Trace }
  /** Can not run: its inputs contradict each other or can not be stored. */
  | { readonly kind: 'refused'; readonly block: BlockId; readonly problems: readonly Problem[] }
  | { readonly kind: 'blocked'; readonly block: BlockId; readonly by: BlockId }
  /** Asks a running block to stop; answered by `finished`. */
  | { readonly kind: 'interrupt'; readonly block: BlockId; readonly key: Key }
  | {
      readonly kind: 'finish';
      readonly report: Omit<RunReport, 'seconds'>;
      readonly problems: readonly Problem[];
    };
