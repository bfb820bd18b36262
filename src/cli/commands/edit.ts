/** `init`, `add`, `link`, `unlink`, `remove`, `filter`: editing the DAG. */
import { join, relative, resolve } from 'node:path';
import { globTest } from '../../engine/index.js';
import type { Filter } from '../../protocol/dagFile.js';
import { blockId, type BlockId } from '../../protocol/ids.js';
import { nearest } from '../../protocol/nearest.js';
import { ProblemError } from '../../protocol/problem.js';
import { removeBlock, setFilter } from '../editing/blocks.js';
import { linkBlocks, unlinkBlocks } from '../editing/edges.js';
import { createProject } from '../editing/projects.js';
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
  createProject(project, options);
  session.note(`${shown(session, join(project, 'dag.json'))} made. ${FIRST_STEPS}`);
  return Promise.resolve(0);
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
  linkBlocks(session.folder(), parent, child, use);
  session.note(`${child} now reads what ${parent} hands on`);
  return Promise.resolve(0);
}

export async function unlink(session: Session, parent: string, child: string): Promise<number> {
  unlinkBlocks(session.folder(), parent, child);
  session.note(`${child} no longer reads what ${parent} hands on`);
  return Promise.resolve(0);
}

export async function remove(session: Session, id: string): Promise<number> {
  const { block, children } = removeBlock(session.folder(), id);
  const parents = block.parents.map(parent => parent.block).join(', ');
  const relinked =
    children.length > 0 && parents !== '' ? `; ${children.join(', ')} now build on ${parents}` : '';
  session.note(`${id} taken out of the project${relinked}. Its notebook ${block.notebook} stays on disk`);
  return Promise.resolve(0);
}

export async function filter(session: Session, id: string, names: readonly string[]): Promise<number> {
  const [only] = names;
  let chosen: Filter = { kind: 'names', patterns: names };
  if (names.length === 1 && (only === 'auto' || only === 'off')) chosen = { kind: only };
  setFilter(session.folder(), id, chosen);
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
