/** `rename`, `merge`, `split-block`: other blocks with the same cells, and every result kept that still holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mergeInto, renameBlock, writeSplit, wrongId, type Opened } from '../../adapters/restructure.js';
import { factsOf } from '../../daemon/cellFacts.js';
import { freeUid } from '../../engine/identity.js';
import { splitBlock as planSplit } from '../../engine/restructure/splitBlock.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockId } from '../../protocol/ids.js';
import { unknownBlock } from '../../engine/index.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import { keepingTrust, openedWith } from '../editing/rename.js';
import { openKernel } from '../openKernel.js';
import type { Session } from '../session.js';
import { printable } from '../terminal/style.js';

const open = async (session: Session, ...ids: readonly string[]): Promise<Opened> =>
  openedWith(await session.ground(), ...ids);

/** Facts of a block's code cells. @param from index of a cell. @param to index after the last */
type FactsIn = (id: BlockId, from?: number, to?: number) => readonly CellFacts[];

async function factsIn({ around }: Session, { dag, files }: Opened): Promise<FactsIn> {
  const kernel = await openKernel(around, dag.dag.kernel);
  try {
    const codeOf = (file: Opened['files'][number]) =>
      file.notebook.cells.filter(({ type }) => type === 'code');
    const facts = await factsOf(
      kernel,
      kernel.environment,
      files.flatMap(file => codeOf(file).map(({ source }) => source)),
    );
    return (id, from = 0, to = Infinity) =>
      files
        .filter(({ declaration }) => declaration.id === id)
        .flatMap(codeOf)
        .filter(({ index }) => index >= from && index < to)
        .map(({ source }) => facts(source));
  } finally {
    await kernel.close();
  }
}

export async function rename(session: Session, from: string, to: string): Promise<number> {
  const opened = await open(session, from);
  const notebook = await keepingTrust(session.around, opened, [from], () => renameBlock(opened, from, to));
  session.note(`${printable(from)} is now called ${printable(to)}: ${printable(notebook)}`);
  return 0;
}

export async function merge(session: Session, into: string, other: string): Promise<number> {
  const opened = await open(session, into, other);
  const facts = await factsIn(session, opened);
  const left = await keepingTrust(session.around, opened, [into, other], () =>
    mergeInto(opened, into, other, id => facts(id)),
  );
  session.note(
    `${printable(into)} now holds the cells of ${printable(other)}. The notebook ${printable(left)} stays on disk and belongs to no block`,
  );
  return 0;
}

export async function splitBlock(
  session: Session,
  id: string,
  cell: string,
  name: string | undefined,
): Promise<number> {
  const opened = await open(session, id);
  const refuse = (problem: Omit<Problem, 'code'>): never => {
    throw new ProblemError([{ code: 'call', ...problem }]);
  };
  const block =
    opened.files.find(({ declaration }) => declaration.id === id) ??
    refuse(
      unknownBlock(
        id,
        opened.files.map(({ declaration }) => declaration.id),
      ),
    );
  const count = block.notebook.cells.length;
  const place = /^\d+$/.test(cell) ? Number(cell) : NaN;
  if (!(place >= 2 && place <= count))
    return refuse({
      message: `${cell} is no cell to begin a new block with: ${id} has cells 1 to ${String(count)}`,
      file: block.declaration.notebook,
      remedy:
        count < 2 ? 'a block of one cell can not be split' : `name one of the cells 2 to ${String(count)}`,
    });
  if (opened.dag.dag.prelude === id)
    return refuse({
      message: `${id} is the prelude, which runs as a whole in every session`,
      remedy: 'take "prelude" out of dag.json first',
    });
  const part = name ?? freeName(opened, id, block.declaration.notebook);
  const wrong = wrongId(part);
  if (wrong !== undefined) throw new ProblemError([wrong]);
  const notebook = `${block.declaration.notebook.replace(/[^/]*$/, '')}${part}.ipynb`;
  const facts = await factsIn(session, opened);
  const edits = planSplit({
    dag: opened.dag.dag,
    block: block.declaration,
    id: part,
    notebook,
    first: facts(block.declaration.id, 0, place - 1),
    second: facts(block.declaration.id, place - 1),
    factsOf: other => facts(other),
  });
  const taken = new Set<string>(opened.files.map(({ uid }) => uid));
  const { hasher } = await session.ground();
  const uid = freeUid(part, taken, hasher.digest);
  await keepingTrust(session.around, opened, [id], () =>
    writeSplit(opened, block, place - 1, { id: part, notebook, uid, edits }),
  );
  session.note(
    `cells ${cell} to ${String(count)} of ${printable(id)} are now the block ${printable(part)}: ${printable(notebook)}`,
  );
  if (block.declaration.outputs.length > 0)
    session.note(
      `the declared outputs of ${printable(id)} went to ${printable(part)}: see "outputs" in dag.json`,
    );
  return 0;
}

function freeName({ project, dag }: Opened, id: string, notebook: string): string {
  const folder = notebook.replace(/[^/]*$/, '');
  for (let number = 2; ; number += 1) {
    const name = `${id}-${String(number)}`;
    const isTaken =
      dag.dag.blocks.some(block => block.id === name) || existsSync(join(project, `${folder}${name}.ipynb`));
    if (!isTaken) return name;
  }
}
