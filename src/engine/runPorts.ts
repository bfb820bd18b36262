/** What a run needs besides queries: processes that run code. Handed to the runtime by the composition root. */
import type { AnalysedCell } from '../protocol/cellFacts.js';
import type { FromWorker, JobResult, JobSpec } from '../protocol/workerMessages.js';

export type JobEnd =
  | { readonly kind: 'finished'; readonly result: JobResult }
  /** The process ended without a result: killed, out of memory, a crash in native code, or it never came up. */
  | {
      readonly kind: 'died';
      readonly code: number | null;
      readonly signal: string | null;
      readonly tail: string;
    };

export interface RunningJob {
  readonly end: Promise<JobEnd>;
  /** Asks the running cell to stop (SIGINT). */
  interrupt(): void;
  /** Ends the worker and what it started (SIGKILL to its process group). */
  kill(): void;
}

export interface Workers {
  /**
   * Starts a worker for a job. `bare`: in an interpreter that has imported nothing beforehand.
   * `from`: in a fork of the session that this job left, if that is still held; else the job's replays run.
   */
  start(
    spec: JobSpec,
    options: { readonly bare: boolean; readonly from?: string },
    listener: (message: FromWorker) => void,
  ): RunningJob;
  /** Lets go of the session that a job left. */
  release(job: string): void;
  /** Facts of code cells, in order. `isToRun`: jobs are likely to follow, so what they are forked from starts beside. */
  analyse(sources: readonly string[], isToRun?: boolean): Promise<readonly AnalysedCell[]>;
  /** Packages to import before the next worker is forked. */
  preimport(modules: readonly string[]): void;
  /** How many Python processes were started and how many workers forked, for guards that count work. */
  counts(): { readonly processes: number; readonly forks: number };
  close(): Promise<void>;
}
