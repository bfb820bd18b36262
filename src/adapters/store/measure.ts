/** How large a project's store is, and what it was good for. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Pieces } from '../../engine/index.js';
import { readSavings } from '../savings.js';
import { namesIn } from './disk.js';

export interface Measured {
  readonly bytes: number;
  readonly savedSeconds: number;
}

export function* measuringCache(stateFolder: string): Pieces<Measured> {
  const objects = join(stateFolder, 'objects');
  let bytes = 0;
  for (const part of namesIn(objects)) {
    yield;
    try {
      for (const name of readdirSync(join(objects, part)))
        bytes += statSync(join(objects, part, name), { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      // No folder, or not ours to look into.
    }
  }
  let savedSeconds = 0;
  for (const saved of readSavings(stateFolder).values()) savedSeconds += saved.savedSeconds;
  return { bytes, savedSeconds };
}
