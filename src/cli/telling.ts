/** Where a run is told: its log, and progress on the terminal. */
import { openRunLog } from '../adapters/runLog.js';
import type { RunSink } from '../daemon/ports.js';
import type { RunEvent } from '../protocol/events.js';
import type { Session } from './session.js';
import { createProgress } from './terminal/progress.js';

export interface Telling {
  emit(event: RunEvent): void;
  /** Takes what is drawn away, before other text is written. */
  pause(): void;
}

/** On the terminal alone: somebody else keeps the log. */
export function openScreen({ around, errorStyle }: Session): Telling {
  const columns =
    around.stderr.isTTY === true && around.environment['TERM'] !== 'dumb' ? around.stderr.columns : undefined;
  const screen = { write: (text: string) => void around.stderr.write(text), columns };
  const progress = createProgress(screen, errorStyle, () => Date.now());
  return { emit: event => progress.show(event), pause: () => progress.pause() };
}

/** @param stateFolder the project's `.dagpy` */
export function openTelling(session: Session, stateFolder: string): Telling & RunSink {
  const log = openRunLog(stateFolder, () => Date.now());
  const screen = openScreen(session);
  return {
    run: log.run,
    emit(event) {
      log.write(event);
      screen.emit(event);
    },
    pause: () => screen.pause(),
  };
}
