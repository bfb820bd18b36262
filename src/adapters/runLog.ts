/** The log of a run: `.dagpy/runs/<run>.jsonl`, one event a line, readable by any JSON tool while the run goes on. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_LOG_VERSION, levelOf, type LoggedEvent, type RunEvent } from '../protocol/events.js';
import { byCodeUnit, runId, type RunId } from '../protocol/ids.js';

/** Logs of older runs are deleted beyond this many. */
const KEPT_RUNS = 200;
/** Characters. */
const LARGEST_WRITE = 65_536;

export interface RunLog {
  readonly run: RunId;
  /** `runFinished` is the last one. */
  write(event: RunEvent): void;
}

/** Starts a log. One that can not be written is no reason to stop a run. @param run its id; absent: a new one */
export function openRunLog(stateFolder: string, now: () => number, run = newRunId(now())): RunLog {
  const folder = join(stateFolder, 'runs');
  let descriptor: number | undefined;
  let waiting = '';
  try {
    mkdirSync(folder, { recursive: true });
    dropOldest(folder);
    descriptor = openSync(join(folder, `${run}.jsonl`), 'a');
  } catch {
    descriptor = undefined;
  }
  return {
    run,
    write: event => {
      if (descriptor === undefined) return;
      const line: LoggedEvent = {
        version: EVENT_LOG_VERSION,
        timestamp: new Date(now()).toISOString(),
        level: levelOf(event),
        ...event,
      };
      waiting += `${JSON.stringify(line)}\n`;
      // Of blocks that are fresh a thousand are told of at once.
      if (event.event === 'blockFresh' && waiting.length < LARGEST_WRITE) return;
      try {
        writeSync(descriptor, waiting);
        waiting = '';
        if (event.event !== 'runFinished') return;
      } catch {
        // The disk is full: the log ends here.
      }
      closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Ids sort by time. */
export function newRunId(milliseconds: number): RunId {
  const [date = '', time = ''] = new Date(milliseconds).toISOString().split('T');
  // Tells runs of one second apart; nobody has to be kept from guessing it.
  const suffix = Math.floor(Math.random() * 2 ** 24)
    .toString(16)
    .padStart(6, '0');
  return runId(`${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${suffix}`);
}

function dropOldest(folder: string): void {
  const logs = readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .sort(byCodeUnit);
  for (const name of logs.slice(0, Math.max(0, logs.length - KEPT_RUNS + 1)))
    rmSync(join(folder, name), { force: true });
}
