/**
 * What happens in a run, one event a fact: shown on terminals, written to `.dagpy/runs/<run>.jsonl`, later sent to tabs.
 */
import type { BlockId, RunId } from './ids.js';
import type { Problem } from './problem.js';
import type { RunReport } from './reports.js';
import type { Reason } from './states.js';

export const EVENT_LOG_VERSION = 1;

export type RunEvent =
  | {
      readonly event: 'runStarted';
      readonly run: RunId;
      readonly target: readonly BlockId[];
      /** Blocks that may run, of the target. */
      readonly upTo: number;
      readonly jobs: number;
    }
  | {
      readonly event: 'blockStarted';
      readonly block: BlockId;
      readonly reasons: readonly Reason[];
      readonly cells: number;
      readonly expectedSeconds: number | null;
    }
  | { readonly event: 'cellStarted'; readonly block: BlockId; readonly cell: number }
  | {
      readonly event: 'cellFinished';
      readonly block: BlockId;
      readonly cell: number;
      readonly ok: boolean;
      readonly seconds: number;
    }
  /** `block` runs again in the process of `reader`, for values of it that can not be stored. */
  | { readonly event: 'blockReplayed'; readonly block: BlockId; readonly reader: BlockId }
  | {
      readonly event: 'blockExecuted';
      readonly block: BlockId;
      /** Blocks whose code ran again for it, in its process. */
      readonly replayed: readonly BlockId[];
      readonly seconds: number;
      readonly storedBytes: number;
      readonly changed: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly event: 'blockRestored'; readonly block: BlockId; readonly savedSeconds: number }
  | { readonly event: 'blockFresh'; readonly block: BlockId; readonly savedSeconds: number }
  | {
      readonly event: 'blockFailed';
      readonly block: BlockId;
      readonly problem: Problem;
      readonly traceback: readonly string[];
      readonly seconds: number;
    }
  | { readonly event: 'blockBlocked'; readonly block: BlockId; readonly by: readonly BlockId[] }
  | { readonly event: 'blockCancelled'; readonly block: BlockId }
  | {
      readonly event: 'note';
      readonly level: 'info' | 'warning';
      readonly message: string;
      readonly block?: BlockId;
    }
  | { readonly event: 'runFinished'; readonly report: RunReport };

/** One line of the log file: the event with when it happened. */
export type LoggedEvent = RunEvent & {
  readonly version: typeof EVENT_LOG_VERSION;
  readonly timestamp: string;
  readonly level: 'info' | 'warning' | 'error';
};

/** How much an event matters to someone who reads only errors. */
export function levelOf(event: RunEvent): LoggedEvent['level'] {
  switch (event.event) {
    case 'blockFailed':
      return 'error';
    case 'blockBlocked':
    case 'blockCancelled':
      return 'warning';
    case 'note':
      return event.level;
    default:
      return 'info';
  }
}
