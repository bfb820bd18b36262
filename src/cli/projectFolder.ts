/** Which project a call is about. */
import { resolve } from 'node:path';
import { findProject } from '../adapters/dagFile/find.js';
import { orThrow, ProblemError } from '../protocol/problem.js';
import type { Surroundings } from './environment.js';

/** Folder of the project that a call is about. @param near where to look from if it does not say */
export function projectFolder(around: Surroundings, directory: string | undefined, near: string): string {
  if (directory === undefined) return orThrow(findProject(near));
  const folder = resolve(around.cwd, directory);
  const found = orThrow(findProject(folder));
  if (found === folder) return folder;
  throw new ProblemError([
    {
      code: 'no-project',
      message: `there is no dag.json in ${folder}`,
      remedy: 'make a project with "dagpy init", or name another folder with -C',
    },
  ]);
}
