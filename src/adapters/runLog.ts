/** The log of a run: `.dagpy/runs/<run>.jsonl`, one event a line, readable by any JSON tool while the run goes on. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_LOG_VERSION, levelOf, type LoggedEvent, type RunEvent } from '../protocol/events.js';
import { byCodeUnit, runId, type RunId } from '../protocol/ids.js';

/** Logs of older runs are deleted beyond this many. */
const KEPT_RUNS = 200;

export interface RunLog {
  readonly run: RunId;
  write(event: RunEvent): void;
}

/** Starts a log under a new id that sorts by time. A log that can not be written is no reason to stop a run. */
export function openRunLog(stateFolder: string, now: () => number): RunLog {
  const run = newRunId(now());
  const folder = join(stateFolder, 'runs');
  const file = join(folder, `${run}.jsonl`);
  let usable = true;
  try {
    mkdirSync(folder, { recursive: true });
    dropOldest(folder);
  } catch {
    usable = false;
  }
  return {
    run,
    write: event => {
      if (!usable) return;
      const line: LoggedEvent = {
        version: EVENT_LOG_VERSION,
        timestamp: new Date(now()).toISOString(),
        level: levelOf(event),
        ...event,
      };
      try {
        appendFileSync(file, `${JSON.stringify(line)}\n`);
      } catch {
        usable = false;
      }
    },
  };
}

function newRunId(milliseconds: number): RunId {
  const [date = '', time = ''] = new Date(milliseconds).toISOString().split('T');
  return runId(
    `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(3).toString('hex')}`,
  );
}

function dropOldest(folder: string): void {
  const logs = readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .sort(byCodeUnit);
  for (const name of logs.slice(0, Math.max(0, logs.length - KEPT_RUNS + 1)))
    rmSync(join(folder, name), { force: true });
}
