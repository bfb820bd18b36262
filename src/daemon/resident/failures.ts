/** Why blocks failed, with what their memory leaves out: the cell, the traceback, what to do. */
import type { RunEvent } from '../../protocol/events.js';
import type { FailureView } from '../../protocol/resident/view.js';

export type FailedEvent = Extract<RunEvent, { event: 'blockFailed' }>;

/** @param notebook of the block: another one's cells are not counted in it */
export function failureOf({ problem, traceback }: FailedEvent, notebook: string | undefined): FailureView {
  return {
    message: problem.message,
    cell: problem.file === notebook ? (problem.cell ?? null) : null,
    traceback,
    remedy: problem.remedy,
  };
}

/** Failures of this session, and those of earlier ones as logs tell them. */
export class Failures {
  private readonly events = new Map<string, FailedEvent>();

  constructor(private readonly logged: (block: string) => FailedEvent | undefined) {}

  take(event: RunEvent): void {
    if (event.event === 'blockFailed') this.events.set(event.block, event);
    else if (event.event === 'blockExecuted' || event.event === 'blockRestored')
      this.events.delete(event.block);
  }

  /** @param message as memory has it */
  of(block: string, notebook: string, message: string): FailureView {
    let event = this.events.get(block);
    if (event === undefined || event.problem.message !== message) {
      event = this.logged(block);
      if (event?.problem.message === message) this.events.set(block, event);
      else event = undefined;
    }
    return event === undefined
      ? { message, cell: null, traceback: [], remedy: 'correct the cell and run again' }
      : failureOf(event, notebook);
  }
}
