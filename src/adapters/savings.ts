/** What the cache was good for, from the logs of past runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from './store/disk.js';

export interface Savings {
  /** How often a stored result answered. */
  readonly hits: number;
  /** Seconds that the block would have run. */
  readonly savedSeconds: number;
}

/** By name of the block. Only runs whose logs are still there count; lines that are cut off are passed over. */
export function readSavings(stateFolder: string): ReadonlyMap<string, Savings> {
  const folder = join(stateFolder, 'runs');
  const savings = new Map<string, Savings>();
  for (const name of namesIn(folder)) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      // Most lines are about something else, and parsing takes longest.
      if (!line.includes('"blockFresh"') && !line.includes('"blockRestored"')) continue;
      const event = parsed(line);
      if (event === undefined) continue;
      const { hits, savedSeconds } = savings.get(event.block) ?? { hits: 0, savedSeconds: 0 };
      savings.set(event.block, { hits: hits + 1, savedSeconds: savedSeconds + event.savedSeconds });
    }
  }
  return savings;
}

function parsed(line: string): { readonly block: string; readonly savedSeconds: number } | undefined {
  try {
    const { event, block, savedSeconds } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const isHit = event === 'blockFresh' || event === 'blockRestored';
    return isHit && typeof block === 'string' && typeof savedSeconds === 'number'
      ? { block, savedSeconds }
      : undefined;
  } catch {
    return undefined;
  }
}
