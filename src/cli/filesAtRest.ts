/** What a command does that met files which somebody is replacing. */
import { loadDagFile, type LoadedDagFile } from '../adapters/dagFile/index.js';
import { untilFilesRest } from '../adapters/checkout.js';
import { ProblemError } from '../protocol/problem.js';

/** Waits for the files. Throws a `ProblemError` if the project is another one afterwards: what was read of it is mixed. */
export async function stillReads(folder: string, { text }: Pick<LoadedDagFile, 'text'>): Promise<void> {
  await untilFilesRest(folder);
  const now = loadDagFile(folder);
  if (now.ok && now.value.text === text) return;
  throw new ProblemError([
    {
      code: 'project-changed',
      message: 'another version of the project came while it was read',
      file: 'dag.json',
      remedy: 'run the command again',
    },
  ]);
}
