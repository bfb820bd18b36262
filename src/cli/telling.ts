/** Where a run is told: its log, and progress on the terminal. */
import { openRunLog } from '../adapters/runLog.js';
import type { RunSink } from '../daemon/ports.js';
import type { Session } from './session.js';
import { createProgress } from './terminal/progress.js';

export interface Telling extends RunSink {
  /** Takes what is drawn away, before other text is written. */
  pause(): void;
}

/** @param stateFolder the project's `.dagpy` */
export function openTelling({ around, errorStyle }: Session, stateFolder: string): Telling {
  const now = (): number => Date.now();
  const log = openRunLog(stateFolder, now);
  const columns =
    around.stderr.isTTY === true && around.environment['TERM'] !== 'dumb' ? around.stderr.columns : undefined;
  const screen = { write: (text: string) => void around.stderr.write(text), columns };
  const progress = createProgress(screen, errorStyle, now);
  return {
    run: log.run,
    emit(event) {
      log.write(event);
      progress.show(event);
    },
    pause: () => progress.pause(),
  };
}
