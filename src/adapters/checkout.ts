/** Waits for whoever is replacing the files of a project right now, as git does when it checks another version out. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Long enough for a file that an editor or a synchronising program removes and writes anew. */
const MOMENT_MILLISECONDS = 100;
/** A lock that is older than that was most likely left by a git that was killed. */
const LONGEST_MILLISECONDS = 5_000;

/** Resolves a moment later, and where git is at work when that is done; what was missing or torn may be whole then. */
export async function untilFilesRest(project: string): Promise<void> {
  const lock = lockOfGit(project);
  const end = Date.now() + LONGEST_MILLISECONDS;
  do await pause(MOMENT_MILLISECONDS);
  while (lock !== undefined && existsSync(lock) && Date.now() < end);
}

/** The file that is there while git changes the working tree; `undefined`: nobody can tell, or there is no repository. */
function lockOfGit(project: string): string | undefined {
  try {
    return lockAbove(resolve(project));
  } catch {
    return undefined;
  }
}

function lockAbove(project: string): string | undefined {
  for (let folder = project; ; folder = dirname(folder)) {
    const git = join(folder, '.git');
    const stats = statSync(git, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) return join(git, 'index.lock');
    if (stats?.isFile() === true) {
      // Of a worktree or a submodule: says where the rest is.
      const [, place] = /^gitdir: (.+)$/m.exec(readFileSync(git, 'utf8')) ?? [];
      return place === undefined ? undefined : join(resolve(folder, place), 'index.lock');
    }
    if (folder === dirname(folder)) return undefined;
  }
}
