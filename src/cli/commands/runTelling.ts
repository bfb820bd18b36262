/** What a terminal shows of a run, wherever that is carried out: failures, its end, and Ctrl-C. */
import { stripVTControlCharacters } from 'node:util';
import type { RunEvent } from '../../protocol/events.js';
import type { Problem } from '../../protocol/problem.js';
import type { RunReport } from '../../protocol/reports.js';
import type { Session } from '../session.js';
import type { Telling } from '../telling.js';
import { printable } from '../terminal/style.js';
import { shortTraceback } from '../terminal/traceback.js';

/** Exit code of who was asked to stop. */
export const INTERRUPTED = 130;

/** Progress as `telling` draws it, and of blocks that fail why. */
export const withFailures =
  (session: Session, telling: Telling) =>
  (event: RunEvent): void => {
    telling.emit(event);
    if (event.event !== 'blockFailed') return;
    telling.pause();
    tellFailure(session, event);
  };

/** Why a block failed, with its traceback. */
export function tellFailure(
  session: Session,
  { problem, traceback }: { readonly problem: Problem; readonly traceback: readonly string[] },
): void {
  const text = shortTraceback(traceback, problem);
  if (text !== '') session.note(session.errorStyle.colour ? text : printable(stripVTControlCharacters(text)));
  session.complain(problem);
}

/**
 * @param pause takes away what is drawn
 * @param use its signal is aborted when the person has had enough
 */
export async function interruptible<Value>(
  session: Session,
  pause: () => void,
  use: (cancel: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const cancel = new AbortController();
  const interrupted = (): void => {
    // A second Ctrl-C is for those who will not wait for a clean end.
    if (cancel.signal.aborted) process.exit(INTERRUPTED);
    pause();
    session.note(
      'stopping: running blocks are interrupted, finished ones are kept (Ctrl-C again to leave at once)',
    );
    cancel.abort();
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  try {
    return await use(cancel.signal);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

export function exitCode(report: RunReport, problems: readonly Problem[], isCancelled: boolean): number {
  if (isCancelled) return INTERRUPTED;
  if (problems.length > 0) return 2;
  return report.failed.length > 0 ? 1 : 0;
}
