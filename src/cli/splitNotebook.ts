/** How a notebook is cut into blocks, for the terminal and for editors. */
import { dirname, relative } from 'node:path';
import { buildNotebook, type Notebook } from '../adapters/notebooks/index.js';
import { derivedUid } from '../engine/identity.js';
import { proposeSplit, type SplitBy, type SplitCell, type SplitProposal } from '../engine/split.js';
import type { CellFacts } from '../protocol/cellFacts.js';
import type { NewBlock } from '../protocol/dagFileCodec/index.js';
import type { Digest } from '../protocol/ids.js';
import { type Problem, ProblemError } from '../protocol/problem.js';
import { folderName } from './commands/newProject.js';

export interface Cut {
  readonly by: SplitBy;
  /** Of the notebook. */
  readonly name: string;
  /** How messages name its file. */
  readonly shown: string;
}

/** Throws a `ProblemError` for what can not be cut at all. */
export async function proposalFor(
  notebook: Notebook,
  { by, name, shown }: Cut,
  factsOf: (sources: readonly string[]) => Promise<(source: string) => CellFacts>,
): Promise<SplitProposal> {
  const facts = await factsOf(
    notebook.cells.filter(({ type }) => type === 'code').map(({ source }) => source),
  );
  const proposal = proposeSplit({
    cells: notebook.cells.map((cell): SplitCell => ({
      kind: cell.type,
      source: cell.source,
      id: cell.id,
      tags: cell.tags,
      ...(cell.block === undefined ? {} : { block: cell.block }),
      ...(cell.type === 'code' ? { facts: facts(cell.source) } : {}),
    })),
    by,
    name,
  });
  const refused = proposal.refusals.map((refusal): Problem => ({ ...refusal, file: shown }));
  if (refused.length > 0) throw new ProblemError(refused);
  return proposal;
}

/** Where nothing is said: by the tags that are there for it, else by headings. */
export function defaultCut(notebook: Notebook): SplitBy {
  return notebook.cells.some(
    cell => cell.block !== undefined || cell.tags.some(tag => tag.startsWith('block:')),
  )
    ? 'tag'
    : 'heading';
}

/** Notebooks of blocks lie in a folder named after the original, next to dag.json. */
export function newBlocks(
  project: string,
  file: string,
  name: string,
  proposal: SplitProposal,
): readonly NewBlock[] {
  const cwd = relative(project, dirname(file)).replaceAll('\\', '/') || '.';
  return proposal.blocks.map(block => ({
    id: block.id,
    notebook: `${folderName(name)}/${block.id}.ipynb`,
    parents: block.parents,
    filter: block.filter,
    // Relative paths and local imports go on meaning what they meant in the original.
    cwd,
  }));
}

/** The blocks' notebooks, with cells byte for byte as they are in the original. */
export const blockTexts = (
  notebook: Notebook,
  proposal: SplitProposal,
  digest: (text: string) => Digest,
): readonly string[] =>
  proposal.blocks.map(({ id, cellIndexes }) => buildNotebook(notebook, cellIndexes, derivedUid(id, digest)));
