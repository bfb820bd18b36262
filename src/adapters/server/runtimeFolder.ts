/** The user's own folder for sockets and for what tells where they are: never in a project, closed to others. */
import { lstatSync, mkdirSync } from 'node:fs';
import { ProblemError } from '../../protocol/problem.js';
import { runtimeFolders } from './runtimeFolders.js';

/** Node silently truncates longer paths of sockets, bytes. */
export const LONGEST_SOCKET_PATH = 107;
/** Room for the name of a socket below the folder. */
const NAME_BYTES = 24;

/** Makes the folder; throws a `ProblemError` where none can be used. */
export function openRuntimeFolder(environment: NodeJS.ProcessEnv): string {
  const tried = runtimeFolders(environment);
  for (const folder of tried) {
    if (Buffer.byteLength(folder) > LONGEST_SOCKET_PATH - NAME_BYTES) continue;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (isOwn(folder)) return folder;
    } catch {
      continue;
    }
  }
  throw new ProblemError([
    {
      code: 'no-runtime-folder',
      message: `there is no folder for a socket that is yours alone: tried ${tried.join(', ')}`,
      remedy: 'set XDG_RUNTIME_DIR or TMPDIR to a short path of a folder that only you can enter',
    },
  ]);
}

/** In a folder that others can write to, anybody may have made one of this name before. */
export function isOwn(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return false;
  if (process.getuid === undefined) return true;
  return stats.uid === process.getuid() && (stats.mode & 0o077) === 0;
}
