/** `init`, `add`, `link`, `unlink`, `remove`, `filter`: editing the DAG. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { changeDagFile, createDagFile } from '../../adapters/dagFile/change.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { ignoreInGit } from '../../adapters/gitIgnore.js';
import { createHasher } from '../../adapters/hash.js';
import { buildNotebook, newNotebook, readNotebook } from '../../adapters/notebooks/index.js';
import { prepareStore, storeLayout } from '../../adapters/store/layout.js';
import { replaceTextFile } from '../../adapters/textFile.js';
import { assignUids, freeUid } from '../../engine/identity.js';
import { buildGraph } from '../../engine/index.js';
import { idProblem, type DagEdit } from '../../protocol/dagFileCodec/index.js';
import type { DagFile, Filter } from '../../protocol/dagFile.js';
import { blockId, type Digest, type Uid } from '../../protocol/ids.js';
import { orThrow, type Problem, ProblemError } from '../../protocol/problem.js';
import type { AddOptions } from '../program.js';
import type { Session } from '../session.js';

export async function init(
  session: Session,
  folder: string | undefined,
  options: { readonly name?: string; readonly kernel?: string },
): Promise<number> {
  const project = resolve(session.around.cwd, folder ?? '.');
  mkdirSync(project, { recursive: true });
  orThrow(
    createDagFile(project, {
      name: options.name ?? basename(project),
      kernel: options.kernel ?? 'python3',
      blocks: [],
    }),
  );
  prepareStore(storeLayout(project));
  orThrow(ignoreInGit(project));
  session.note(
    `${shown(session, join(project, 'dag.json'))} made. Next: dagpy split NOTEBOOK, or dagpy add ID`,
  );
  return Promise.resolve(0);
}

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
  const path = `${id}.ipynb`;
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
  orThrow(replaceTextFile(file, text, null, path));
  try {
    const parents = (options.parents ?? []).map(parent => ({ block: blockId(parent) }));
    orThrow(
      changeDagFile(project, [{ kind: 'addBlock', block: { id: blockId(id), notebook: path, parents } }]),
    );
  } catch (error) {
    // The project does not know the notebook, so nobody's work is in it.
    rmSync(file, { force: true });
    throw error;
  }
  session.note(`${id} added: ${path}`);
  return 0;
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
  const notebook = orThrow(readNotebook(source, shown(session, source)));
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

/** Edits `dag.json` after making sure that what comes out is a DAG. */
function edit(session: Session, edits: readonly DagEdit[]): DagFile {
  const project = session.folder();
  const { dag } = orThrow(changeDagFile(project, edits));
  return dag;
}

export async function link(
  session: Session,
  parent: string,
  child: string,
  options: { readonly use: readonly string[] },
): Promise<number> {
  const use = new Map(
    options.use.map(text => {
      const [theirs = '', mine = theirs] = text.split('=');
      return [theirs, mine] as const;
    }),
  );
  refuseCycle(session, parent, child);
  edit(session, [
    {
      kind: 'link',
      parent: { block: blockId(parent), ...(use.size > 0 ? { use } : {}) },
      child: blockId(child),
    },
  ]);
  session.note(`${child} now reads what ${parent} hands on`);
  return Promise.resolve(0);
}

/** Said before the file is touched: the path that the new edge would close. */
function refuseCycle(session: Session, parent: string, child: string): void {
  const { dag } = orThrow(loadDagFile(session.folder()));
  const ids = new Set<string>(dag.blocks.map(block => block.id));
  const unknown = [parent, child].filter(id => !ids.has(id));
  if (unknown.length > 0) {
    throw new ProblemError(
      unknown.map((id): Problem => ({
        code: 'unknown-block',
        message: `there is no block ${id}`,
        file: 'dag.json',
        remedy: '"dagpy status" lists the blocks',
      })),
    );
  }
  const linked = dag.blocks.map(block =>
    block.id === child ? { ...block, parents: [...block.parents, { block: blockId(parent) }] } : block,
  );
  orThrow(buildGraph({ ...dag, blocks: linked }));
}

export async function unlink(session: Session, parent: string, child: string): Promise<number> {
  edit(session, [{ kind: 'unlink', parent: blockId(parent), child: blockId(child) }]);
  session.note(`${child} no longer reads what ${parent} hands on`);
  return Promise.resolve(0);
}

export async function remove(session: Session, id: string): Promise<number> {
  const project = session.folder();
  const before = orThrow(loadDagFile(project)).dag;
  const block = before.blocks.find(each => each.id === id);
  const children = before.blocks
    .filter(each => each.parents.some(parent => parent.block === id))
    .map(each => each.id);
  edit(session, [
    ...(before.prelude === id ? [{ kind: 'setPrelude', block: null } as const] : []),
    { kind: 'removeBlock', block: blockId(id) },
  ]);
  const parents = block?.parents.map(parent => parent.block).join(', ') ?? '';
  const relinked =
    children.length > 0 && parents !== '' ? `; ${children.join(', ')} now build on ${parents}` : '';
  session.note(
    `${id} taken out of the project${relinked}. Its notebook ${block?.notebook ?? ''} stays on disk`,
  );
  return Promise.resolve(0);
}

export async function filter(session: Session, id: string, names: readonly string[]): Promise<number> {
  const [only] = names;
  let chosen: Filter = { kind: 'names', patterns: names };
  if (names.length === 1 && (only === 'auto' || only === 'off')) chosen = { kind: only };
  edit(session, [{ kind: 'setFilter', block: blockId(id), filter: chosen }]);
  session.note(
    `${id} hands on ${chosen.kind === 'auto' ? 'all that can be stored' : chosen.kind === 'off' ? 'its whole session' : names.join(', ')}`,
  );
  return Promise.resolve(0);
}

const shown = (session: Session, path: string): string => relative(session.around.cwd, path) || path;
