/** Another name for a block, with everything that is known of it. */
import { readBlockFiles } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { areTrusted, createTrustKeeper } from '../../adapters/notebooks/index.js';
import { renameBlock as rename, type Opened, type Restructured } from '../../adapters/restructure.js';
import { join } from 'node:path';
import { plainly, type Writing } from '../../adapters/textFile.js';
import type { Uid } from '../../protocol/ids.js';
import { orThrow, type Result } from '../../protocol/problem.js';
import type { Surroundings } from '../environment.js';
import { openGround, type Ground } from '../ground.js';
import { requireBlocks } from '../knownBlocks.js';

/** The project as it is read, to be changed in one go. @param ids blocks that have to be there */
export function openedWith({ folder, hasher, store }: Ground, ...ids: readonly string[]): Opened {
  const dag = orThrow(loadDagFile(folder));
  requireBlocks(dag.dag, ids);
  const ranAs = (uid: Uid): string | undefined => store.memory.read(uid).last?.block;
  const files = orThrow(readBlockFiles(folder, dag.dag, { digest: hasher.digest, ranAs }));
  return { project: folder, dag, files };
}

/** Signs again what is written, if all notebooks that it comes from were trusted. @returns notebook to tell of */
export async function keepingTrust(
  around: Surroundings,
  { project, files }: Opened,
  ids: readonly string[],
  change: () => Result<Restructured>,
): Promise<string> {
  const trust = createTrustKeeper({ python: around.python(), env: around.environment });
  try {
    const sources = files.filter(({ declaration }) => ids.includes(declaration.id));
    const isTrusted = await areTrusted(
      trust,
      sources.map(file => file.notebook),
    );
    const { notebook, written } = orThrow(change());
    if (isTrusted) await trust.signAgain(written.map(file => join(project, file)));
    return notebook;
  } finally {
    trust.close();
  }
}

/** @returns path of its notebook by now */
export async function renameBlock(
  around: Surroundings,
  folder: string,
  from: string,
  to: string,
  writing: Writing = plainly,
): Promise<string> {
  const opened = openedWith(await openGround(around, folder), from);
  return keepingTrust(around, opened, [from], () => writing(() => rename(opened, from, to)));
}
