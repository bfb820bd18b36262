/** Messages on the daemon's WebSocket (`/v1/stream`), one JSON text each. */
import type { RunEvent } from '../events.js';
import type { CellOutput } from '../outputs.js';
import type { Problem } from '../problem.js';
import type { CallName } from './calls.js';
import type { ProjectPatch } from './patch.js';
import type { ProjectView } from './view.js';

export type ToDaemon =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly parameters: object }
  /** Answered by a snapshot, then by patches; asking again brings a new snapshot. */
  | { readonly kind: 'follow'; readonly project: string }
  | { readonly kind: 'unfollow'; readonly project: string };

export type FromDaemon =
  | { readonly kind: 'hello'; readonly version: number; readonly program: string }
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly problems: readonly Problem[] }
  | { readonly kind: 'snapshot'; readonly view: ProjectView }
  | { readonly kind: 'patch'; readonly patch: ProjectPatch }
  /** The project can not be followed (any more). */
  | { readonly kind: 'lost'; readonly project: string; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'event';
      readonly project: string;
      readonly run: string;
      readonly event: RunEvent | OutputEvent;
    };

/** What a running or restored block shows; beside the events of a run, which are kept in its log. */
export type OutputEvent =
  /** Comes after what the cell shows already. */
  | {
      readonly event: 'cellOutput';
      readonly block: string;
      readonly cell: CellPlace;
      /** What the cell shows is taken away first. */
      readonly isReset: boolean;
      readonly outputs: readonly CellOutput[];
      readonly executionCount: number | null;
    }
  /** All that the block's code cells show by now, as it is written to its notebook. */
  | {
      readonly event: 'blockOutputs';
      readonly block: string;
      readonly cells: readonly {
        readonly cell: CellPlace;
        readonly outputs: readonly CellOutput[];
        readonly executionCount: number | null;
      }[];
    };

export interface CellPlace {
  /** Id of the cell in its notebook; `null`: its format has none. */
  readonly id: string | null;
  /** 1-based among all cells of the block's notebook. */
  readonly place: number;
}
