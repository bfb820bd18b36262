/** `add`: a block of its own, or one made of cells of a notebook. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, posix, relative, resolve } from 'node:path';
import { changeDagFile } from '../../adapters/dagFile/change.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { createHasher } from '../../adapters/hash.js';
import { buildNotebook, newNotebook, readNotebook } from '../../adapters/notebooks/index.js';
import { replaceTextFile } from '../../adapters/textFile.js';
import { assignUids, freeUid } from '../../engine/identity.js';
import { cwdOf } from '../../engine/index.js';
import { idProblem } from '../../protocol/dagFileCodec/index.js';
import type { DagFile } from '../../protocol/dagFile.js';
import { blockId, type Digest, type Uid } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import { readGiven } from '../givenNotebook.js';
import { requireBlocks } from '../knownBlocks.js';
import type { AddOptions } from '../program.js';
import type { Session } from '../session.js';

export async function add(session: Session, id: string, options: AddOptions): Promise<number> {
  const project = session.folder();
  const { dag } = orThrow(loadDagFile(project));
  const wrongId = idProblem(id);
  if (wrongId !== undefined)
    throw new ProblemError([
      {
        code: 'block-id',
        message: `${JSON.stringify(id)} is no name for a block: an id ${wrongId}`,
        remedy: 'choose another id',
      },
    ]);
  requireBlocks(dag, options.parents ?? []);
  const { folder, cwd } = placeOf(session, project, dag, options);
  const path = posix.join(folder, `${id}.ipynb`);
  const file = join(project, path);
  if (existsSync(file)) {
    throw new ProblemError([
      {
        code: 'file-exists',
        message: `${path} is there already`,
        file: path,
        remedy: 'choose another id, or move that notebook away',
      },
    ]);
  }
  const hasher = await createHasher();
  const uid = newUid(project, dag, id, hasher.digest);
  const text =
    options.from === undefined
      ? newNotebook(uid, { name: dag.kernel, display_name: dag.kernel }, uid.slice(0, 8))
      : notebookFrom(session, project, options, uid);
  mkdirSync(dirname(file), { recursive: true });
  orThrow(replaceTextFile(file, text, null, path));
  try {
    const parents = (options.parents ?? []).map(parent => ({ block: blockId(parent) }));
    const block = { id, notebook: path, parents, ...(cwd === folder ? {} : { cwd }) };
    orThrow(changeDagFile(project, [{ kind: 'addBlock', block }]));
  } catch (error) {
    // The project does not know the notebook, so nobody's work is in it.
    rmSync(file, { force: true });
    throw error;
  }
  session.note(`${id} added: ${path}`);
  return 0;
}

/**
 * Beside the notebooks of its parents, or else of all blocks, and in the working folder that they have, where they
 * agree: relative paths mean in it what they mean there. Cells of a notebook go on working in that notebook's folder.
 */
function placeOf(
  session: Session,
  project: string,
  dag: DagFile,
  { from, parents = [] }: AddOptions,
): { readonly folder: string; readonly cwd: string } {
  const chosen = dag.blocks.filter(block => parents.includes(block.id));
  const neighbours = chosen.length > 0 ? chosen : dag.blocks;
  const shared = (places: readonly string[]): string | undefined =>
    places.every(place => place === places[0]) ? places[0] : undefined;
  const folder = shared(neighbours.map(block => posix.dirname(block.notebook))) ?? '.';
  if (from === undefined) return { folder, cwd: shared(neighbours.map(cwdOf)) ?? folder };
  const source = relative(project, dirname(resolve(session.around.cwd, from))).replaceAll('\\', '/') || '.';
  return { folder, cwd: isAbsolute(source) ? folder : source };
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

function notebookFrom(session: Session, project: string, options: AddOptions, uid: string): string {
  const source = resolve(session.around.cwd, options.from ?? '');
  const notebook = readGiven(session, options.from ?? '');
  const cells =
    options.cells === undefined
      ? notebook.cells.map(cell => cell.index)
      : cellRange(options.cells, notebook.cells.length);
  const cwd = relative(project, join(source, '..')).replaceAll('\\', '/');
  return buildNotebook(
    notebook,
    cells,
    uid,
    cwd === '' || cwd.startsWith('..') ? {} : { from: relative(project, source).replaceAll('\\', '/') },
  );
}

/** `3-7` or `2,5-6`, counted from 1, to indexes in ascending order. */
function cellRange(text: string, count: number): readonly number[] {
  const chosen = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    const first = Number(match?.[1] ?? NaN);
    const last = Number(match?.[2] ?? match?.[1] ?? NaN);
    if (!(first >= 1 && last >= first && last <= count)) {
      throw new ProblemError([
        {
          code: 'call',
          message: `--cells ${text}: the notebook has cells 1 to ${String(count)}`,
          remedy: 'give a range such as 3-7 or 2,5-6',
        },
      ]);
    }
    for (let place = first; place <= last; place += 1) chosen.add(place - 1);
  }
  return [...chosen].sort((a, b) => a - b);
}
