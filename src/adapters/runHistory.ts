/** Past runs, from their logs. Lines that are cut off or not understood are passed over. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoggedEvent } from '../protocol/events.js';
import type { RunListed } from '../protocol/resident/calls.js';
import { namesIn } from './store/disk.js';

/** How many logs are looked through for one thing. */
const MOST_LOGS = 50;

type Failed = Extract<LoggedEvent, { event: 'blockFailed' }>;

/** Why a block failed the last time, if that is its last failure that any log tells. */
export function lastFailure(stateFolder: string, block: string): Failed | undefined {
  for (const lines of logs(stateFolder)) {
    const failed = lines
      .filter(line => line.includes('"blockFailed"'))
      .map(eventOf)
      .find((event): event is Failed => event?.event === 'blockFailed' && event.block === block);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** The newest first. */
export function pastRuns(stateFolder: string): readonly RunListed[] {
  const runs: RunListed[] = [];
  for (const lines of logs(stateFolder)) {
    const [first, last] = [eventOf(lines[0] ?? ''), eventOf(lines.at(-1) ?? '')];
    if (first?.event !== 'runStarted') continue;
    const began = Date.parse(first.timestamp);
    if (last?.event !== 'runFinished') continue;
    const { replayed: _, ...report } = last.report;
    runs.push({ ...report, began });
  }
  return runs;
}

function* logs(stateFolder: string): Generator<readonly string[]> {
  const folder = join(stateFolder, 'runs');
  const names = namesIn(folder).filter(name => name.endsWith('.jsonl'));
  for (const name of names.slice(-MOST_LOGS).reverse()) {
    try {
      yield readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
    } catch {
      // Thrown away meanwhile.
    }
  }
}

function eventOf(line: string): LoggedEvent | undefined {
  try {
    return JSON.parse(line) as LoggedEvent;
  } catch {
    return undefined;
  }
}
