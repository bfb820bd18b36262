/** A new block: its notebook beside those it builds on, and its entry in `dag.json`. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { changeDagFile } from '../../adapters/dagFile/change.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { createHasher } from '../../adapters/hash.js';
import { newNotebook, readNotebook } from '../../adapters/notebooks/index.js';
import { wrongId } from '../../adapters/restructure.js';
import { fileProblem, isText, plainly, replaceTextFile, type Writing } from '../../adapters/textFile.js';
import { assignUids, freeUid } from '../../engine/identity.js';
import { cwdOf } from '../../engine/index.js';
import type { DagFile, Filter, ParentEdge } from '../../protocol/dagFile.js';
import { blockId, type Digest, type Uid } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import { requireBlocks } from '../knownBlocks.js';

export interface NewBlockFile {
  readonly id: string;
  readonly parents: readonly ParentEdge[];
  readonly filter?: Filter;
  /** Block that it comes after in `dag.json`; absent: the last. */
  readonly after?: string;
  /** Working folder, relative to the project; absent: that of its neighbours. */
  readonly cwd?: string;
  /** Text of its notebook. @param uid its permanent identity */
  text(uid: Uid, dag: DagFile): string;
}

/** @returns path of its notebook, relative to the project */
export async function addBlock(
  project: string,
  block: NewBlockFile,
  writing: Writing = plainly,
): Promise<string> {
  const { id, parents, filter, after } = block;
  const { dag } = orThrow(loadDagFile(project));
  const wrong = wrongId(id);
  if (wrong !== undefined) throw new ProblemError([wrong]);
  requireBlocks(dag, [...parents.map(parent => parent.block), ...(after === undefined ? [] : [after])]);
  const place = placeOf(
    dag,
    parents.map(parent => parent.block),
  );
  const cwd = block.cwd ?? place.cwd;
  const path = posix.join(place.folder, `${id}.ipynb`);
  const file = join(project, path);
  const hasher = await createHasher();
  const uid = newUid(project, dag, id, hasher.digest);
  const text = block.text(uid, dag);
  // The very same notebook is what an earlier try left that was killed before dag.json knew of it.
  const isLeft = isText(file, text);
  if (existsSync(file) && (!isLeft || dag.blocks.some(other => other.notebook === path))) {
    throw new ProblemError([
      {
        code: 'file-exists',
        message: `${path} is there already`,
        file: path,
        remedy: 'choose another id, or move that notebook away',
      },
    ]);
  }
  writing(() => {
    try {
      mkdirSync(dirname(file), { recursive: true });
    } catch (error) {
      throw new ProblemError([fileProblem(error, path, 'write')]);
    }
    if (!isLeft) orThrow(replaceTextFile(file, text, null, path));
    try {
      const entry = {
        id,
        notebook: path,
        parents,
        ...(filter === undefined ? {} : { filter }),
        ...(cwd === place.folder ? {} : { cwd }),
      };
      const where = after === undefined ? {} : { after: blockId(after) };
      orThrow(changeDagFile(project, [{ kind: 'addBlock', block: entry, ...where }]));
    } catch (error) {
      // The project does not know the notebook, so nobody's work is in it.
      rmSync(file, { force: true });
      throw error;
    }
  });
  return path;
}

/** Text of a notebook of these code cells; without any, of an empty one. */
export const notebookOf = (uid: Uid, { kernel }: DagFile, sources: readonly string[]): string =>
  newNotebook(
    uid,
    { name: kernel, display_name: kernel },
    uid.slice(0, 8),
    sources.length === 0 ? [''] : sources,
  );

/**
 * Beside the notebooks of its parents, or else of all blocks, and in the working folder that they have, where they
 * agree: relative paths mean in it what they mean there.
 */
export function placeOf(
  dag: DagFile,
  parents: readonly string[],
): { readonly folder: string; readonly cwd: string } {
  const chosen = dag.blocks.filter(block => parents.includes(block.id));
  const neighbours = chosen.length > 0 ? chosen : dag.blocks;
  const shared = (places: readonly string[]): string | undefined =>
    places.every(place => place === places[0]) ? places[0] : undefined;
  const folder = shared(neighbours.map(block => posix.dirname(block.notebook))) ?? '.';
  return { folder, cwd: shared(neighbours.map(cwdOf)) ?? folder };
}

/** One that no other block of the project has, whether its notebook can be read or not. */
function newUid(project: string, dag: DagFile, id: string, digest: (text: string) => Digest): Uid {
  const blocks = dag.blocks.map(block => {
    const read = readNotebook(join(project, block.notebook), block.notebook);
    return { id: block.id, uid: (read.ok ? read.value.uid : undefined) as Uid | undefined };
  });
  const taken = new Set<string>(assignUids(blocks, digest, () => undefined).values());
  for (const { uid } of blocks) if (uid !== undefined) taken.add(uid);
  return freeUid(id, taken, digest);
}
