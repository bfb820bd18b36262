/** Where a project is: the nearest `dag.json`. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { failure, success, type Result } from '../../protocol/problem.js';

export const DAG_FILE = 'dag.json';

/** The nearest folder at or above `start` that has a `dag.json`. */
export function findProject(start: string): Result<string> {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, DAG_FILE))) return success(folder);
    if (dirname(folder) === folder) break;
  }
  const message = `there is no ${DAG_FILE} in ${resolve(start)} or a folder above it`;
  return failure({
    code: 'no-project',
    message,
    remedy: 'make a project with "dagpy init" or "dagpy split NOTEBOOK", or name its folder with -C',
  });
}
