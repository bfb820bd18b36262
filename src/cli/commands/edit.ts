/** `init`, `add`, `link`, `unlink`, `remove`, `filter`: editing the DAG. */
import { mkdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { changeDagFile, createDagFile } from '../../adapters/dagFile/change.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { ignoreInGit } from '../../adapters/gitIgnore.js';
import { prepareStore, storeLayout } from '../../adapters/store/layout.js';
import { buildGraph, globTest } from '../../engine/index.js';
import type { DagEdit } from '../../protocol/dagFileCodec/index.js';
import type { DagFile, Filter } from '../../protocol/dagFile.js';
import { blockId, type BlockId } from '../../protocol/ids.js';
import { nearest } from '../../protocol/nearest.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import { requireBlocks } from '../knownBlocks.js';
import { FIRST_STEPS } from '../report.js';
import type { Session } from '../session.js';

/** Loaded with the other edits: a pack of its own would cost more than it holds. */
export { add } from './add.js';

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
  session.note(`${shown(session, join(project, 'dag.json'))} made. ${FIRST_STEPS}`);
  return Promise.resolve(0);
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
  requireBlocks(dag, [parent, child]);
  if (parent === child) {
    throw new ProblemError([
      {
        code: 'cycle',
        message: `${child} has what it makes already: a block can not be its own parent`,
        file: 'dag.json',
        remedy: 'name two different blocks: dagpy link PARENT CHILD',
      },
    ]);
  }
  const linked = dag.blocks.map(block =>
    block.id === child ? { ...block, parents: [...block.parents, { block: blockId(parent) }] } : block,
  );
  const graph = buildGraph({ ...dag, blocks: linked });
  if (graph.ok) return;
  const remedy =
    'nothing was changed; to have this edge, take another one of them out first with dagpy unlink';
  throw new ProblemError(
    graph.problems.map(problem => (problem.code === 'cycle' ? { ...problem, remedy } : problem)),
  );
}

export async function unlink(session: Session, parent: string, child: string): Promise<number> {
  requireBlocks(orThrow(loadDagFile(session.folder())).dag, [parent, child]);
  edit(session, [{ kind: 'unlink', parent: blockId(parent), child: blockId(child) }]);
  session.note(`${child} no longer reads what ${parent} hands on`);
  return Promise.resolve(0);
}

export async function remove(session: Session, id: string): Promise<number> {
  const project = session.folder();
  const before = orThrow(loadDagFile(project)).dag;
  requireBlocks(before, [id]);
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
  requireBlocks(orThrow(loadDagFile(session.folder())).dag, [id]);
  let chosen: Filter = { kind: 'names', patterns: names };
  if (names.length === 1 && (only === 'auto' || only === 'off')) chosen = { kind: only };
  edit(session, [{ kind: 'setFilter', block: blockId(id), filter: chosen }]);
  session.note(
    `${id} hands on ${chosen.kind === 'auto' ? 'all that can be stored' : chosen.kind === 'off' ? 'its whole session' : names.join(', ')}`,
  );
  if (chosen.kind === 'names') await warnOfUnmade(session, blockId(id), chosen.patterns);
  return 0;
}

/** A name that the block never makes is most likely mistyped; where nobody can tell, nothing is said. */
async function warnOfUnmade(session: Session, id: BlockId, patterns: readonly string[]): Promise<void> {
  try {
    await session.withProject(async project => {
      const block = (await project.load()).blocks.get(id)?.snapshot;
      if (block === undefined || block.cells.some(facts => facts.dynamic.length > 0)) return;
      const made = new Set(block.cells.flatMap(facts => facts.mayBind));
      const handed = block.cells.flatMap(facts => facts.loads);
      const stored = block.memory.last?.exports.flatMap(component => component.names) ?? [];
      const known = [...new Set([...made, ...handed, ...stored])];
      for (const pattern of patterns.filter(each => !known.some(globTest([each])))) {
        const meant = nearest(pattern, [...made]);
        session.warn({
          code: 'unknown-name',
          message: `${id} makes nothing that is called ${pattern}`,
          file: 'dag.json',
          remedy:
            meant === undefined
              ? `it makes ${[...made].sort().join(', ') || 'nothing'}`
              : `did you mean ${meant}?`,
        });
      }
    });
  } catch (error) {
    // The filter is set; what keeps the project from being read is told when it is to run.
    if (!(error instanceof ProblemError)) throw error;
  }
}

const shown = (session: Session, path: string): string => relative(session.around.cwd, path) || path;
