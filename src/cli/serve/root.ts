/** Files and folders that clients name: below the root, and nowhere else whatever links say. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { DAG_FILE } from '../../adapters/dagFile/find.js';
import { isInside } from '../../adapters/server/registration.js';
import { ProblemError } from '../../protocol/problem.js';

export interface Root {
  /** Absolute, links followed. */
  readonly folder: string;
  /** Throws a `ProblemError` for what lies outside. */
  resolve(path: string): string;
  /** Folder of a project; throws a `ProblemError` where there is none. */
  project(name: string): string;
  /** A folder as clients name it: relative with `/`, empty for the root. */
  nameOf(folder: string): string;
  /** Folder of the project that a file belongs to. */
  locate(path: string): string | null;
}

export function createRoot(given: string): Root {
  const folder = realpathSync(given);
  const inside = (path: string): string => {
    if (path.includes('\0')) throw outside(path);
    // Absolute ones may name the root by way of a link, as the one who started the daemon does.
    const asked = path.startsWith(given + sep)
      ? resolve(folder, relative(given, path))
      : resolve(folder, path);
    const real = realPathOf(asked);
    if (!isInside(folder, asked) || real === undefined || !isInside(folder, real)) throw outside(path);
    return asked;
  };
  const nameOf = (path: string): string => relative(folder, path).replaceAll(sep, '/');
  return {
    folder,
    resolve: inside,
    nameOf,
    project(name) {
      const found = inside(name);
      if (existsSync(join(found, DAG_FILE))) return found;
      throw new ProblemError([
        {
          code: 'no-project',
          message: `there is no dag.json in ${name === '' ? 'the root folder' : name}`,
          remedy: 'make a project there first, or name another folder',
        },
      ]);
    },
    locate(path) {
      let at = inside(path);
      if (statSync(at, { throwIfNoEntry: false })?.isDirectory() !== true) at = dirname(at);
      for (; isInside(folder, at); at = dirname(at)) {
        if (existsSync(join(at, DAG_FILE))) return at;
        if (dirname(at) === at) break;
      }
      return null;
    },
  };
}

function outside(path: string): ProblemError {
  return new ProblemError([
    {
      code: 'outside-root',
      message: `${JSON.stringify(path)} lies outside the folder that DAGpy serves here`,
      remedy: 'name a file or folder below it',
    },
  ]);
}

/** Of what is there, or of the nearest folder above it that is, with the rest of the name. */
function realPathOf(path: string): string | undefined {
  const rest: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), ...rest.reverse());
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(at) === at) return undefined;
      rest.push(basename(at));
    }
  }
}
