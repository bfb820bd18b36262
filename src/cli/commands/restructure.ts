/** `rename`, `merge`, `split-block`: other blocks with the same cells, and every result kept that still holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBlockFiles } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { areTrusted, createTrustKeeper } from '../../adapters/notebooks/index.js';
import {
  mergeInto,
  renameBlock,
  writeSplit,
  wrongId,
  type Opened,
  type Restructured,
} from '../../adapters/restructure.js';
import { factsOf } from '../../daemon/cellFacts.js';
import { freeUid } from '../../engine/identity.js';
import { splitBlock as planSplit } from '../../engine/restructure/splitBlock.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockId, Uid } from '../../protocol/ids.js';
import { unknownBlock } from '../../engine/index.js';
import { orThrow, ProblemError, type Problem, type Result } from '../../protocol/problem.js';
import { requireBlocks } from '../knownBlocks.js';
import { openKernel } from '../openKernel.js';
import type { Session } from '../session.js';
import { printable } from '../terminal/style.js';

/** @param ids blocks that have to be there */
async function open(session: Session, ...ids: readonly string[]): Promise<Opened> {
  const project = session.folder();
  const { hasher, store } = await session.ground();
  const dag = orThrow(loadDagFile(project));
  requireBlocks(dag.dag, ids);
  const ranAs = (uid: Uid): string | undefined => store.memory.read(uid).last?.block;
  return { project, dag, files: orThrow(readBlockFiles(project, dag.dag, { digest: hasher.digest, ranAs })) };
}

/** Signs again what is written, if all notebooks that it comes from were trusted. */
async function keepingTrust(
  { around }: Session,
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
  const notebook = await keepingTrust(session, opened, [from], () => renameBlock(opened, from, to));
  session.note(`${printable(from)} is now called ${printable(to)}: ${printable(notebook)}`);
  return 0;
}

export async function merge(session: Session, into: string, other: string): Promise<number> {
  const opened = await open(session, into, other);
  const facts = await factsIn(session, opened);
  const left = await keepingTrust(session, opened, [into, other], () =>
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
  await keepingTrust(session, opened, [id], () =>
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
