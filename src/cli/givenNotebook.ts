/** A notebook that a call names, in any format; what is wrong with it is told in terms of the call. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseNotebook, readNotebook, upgradeNotebook, type Notebook } from '../adapters/notebooks/index.js';
import { nearest } from '../protocol/nearest.js';
import { ProblemError, type Result } from '../protocol/problem.js';
import type { Session } from './session.js';

const SUFFIX = '.ipynb';

export function readGiven({ around }: Session, path: string): Notebook {
  const file = resolve(around.cwd, path);
  const shown = relative(around.cwd, file) || file;
  const read = readAnyFormat(() => around.python(), file, shown);
  if (read.ok) return read.value;
  const fail = (code: string, message: string, remedy: string): never => {
    throw new ProblemError([{ code, message, file: shown, remedy }]);
  };
  if (!existsSync(file)) {
    const meant = nearest(basename(file), notebooksIn(dirname(file)));
    fail(
      'notebook-missing',
      'there is no such file',
      meant === undefined ? 'correct the path' : `did you mean ${join(dirname(shown), meant)}?`,
    );
  }
  if (!file.endsWith(SUFFIX))
    fail('not-a-notebook', 'this is not a Jupyter notebook', `name a file that ends in ${SUFFIX}`);
  throw new ProblemError(read.problems);
}

/** Notebooks of format 3 and older go through nbformat. @param shown how messages name it */
export function readAnyFormat(python: () => string, file: string, shown: string): Result<Notebook> {
  const read = readNotebook(file, shown);
  if (read.ok || read.problems[0]?.code !== 'notebook-old-format') return read;
  const upgraded = upgradeNotebook(python(), file, shown);
  return upgraded.ok ? parseNotebook(upgraded.value, shown) : upgraded;
}

function notebooksIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith(SUFFIX));
  } catch {
    return [];
  }
}
