/** A new, empty project. */
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { createDagFile } from '../../adapters/dagFile/change.js';
import { ignoreInGit } from '../../adapters/gitIgnore.js';
import { prepareStore, storeLayout } from '../../adapters/store/layout.js';
import { fileProblem } from '../../adapters/textFile.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';

/** @param folder absolute; made where it is not there */
export function createProject(
  folder: string,
  options: { readonly name?: string; readonly kernel?: string },
): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new ProblemError([fileProblem(error, folder, 'write')]);
  }
  orThrow(
    createDagFile(folder, {
      name: options.name ?? basename(folder),
      kernel: options.kernel ?? 'python3',
      blocks: [],
    }),
  );
  prepareStore(storeLayout(folder));
  orThrow(ignoreInGit(folder));
}
