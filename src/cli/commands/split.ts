/** `split`: a notebook into blocks with inferred edges and filters. */
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { buildNotebook, type Notebook } from '../../adapters/notebooks/index.js';
import { factsOf } from '../../daemon/cellFacts.js';
import { derivedUid } from '../../engine/identity.js';
import { proposeSplit, type SplitBy, type SplitCell, type SplitProposal } from '../../engine/split.js';
import type { NewBlock } from '../../protocol/dagFileCodec/index.js';
import { type Problem, ProblemError } from '../../protocol/problem.js';
import { readGiven } from '../givenNotebook.js';
import { openKernel } from '../openKernel.js';
import type { SplitOptions } from '../program.js';
import type { Session } from '../session.js';
import { glyph, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { folderName, kernelOf, refuseProject, writeNewProject } from './newProject.js';

export async function split(session: Session, path: string, options: SplitOptions): Promise<number> {
  const { around } = session;
  const file = resolve(around.cwd, path);
  const shown = relative(around.cwd, file) || file;
  const notebook = readGiven(session, path);
  const project = resolve(around.cwd, options.output ?? dirname(file));
  if (options.dryRun !== true) refuseProject(project, relative(around.cwd, project));
  const name = basename(file, extname(file));
  const kernel = kernelOf(session, [notebook], 'split');
  const opened = await openKernel(around, kernel);
  try {
    const code = notebook.cells.filter(cell => cell.type === 'code').map(cell => cell.source);
    const facts = await factsOf(opened, opened.environment, code);
    const proposal = proposeSplit({
      cells: notebook.cells.map((cell): SplitCell => ({
        kind: cell.type,
        source: cell.source,
        id: cell.id,
        tags: cell.tags,
        ...(cell.block === undefined ? {} : { block: cell.block }),
        ...(cell.type === 'code' ? { facts: facts(cell.source) } : {}),
      })),
      by: options.by ?? defaultCut(notebook),
      name,
    });
    const refused = proposal.refusals.map((refusal): Problem => ({ ...refusal, file: shown }));
    if (refused.length > 0) throw new ProblemError(refused);
    const blocks = blocksOf(project, file, name, proposal);
    if (options.dryRun !== true) {
      const prelude = proposal.prelude === undefined ? {} : { prelude: proposal.prelude };
      const uidOf = (id: string) => derivedUid(id, text => opened.hasher.digest(text));
      const texts = proposal.blocks.map(block => buildNotebook(notebook, block.cellIndexes, uidOf(block.id)));
      writeNewProject(project, { name, kernel, ...prelude, blocks }, texts);
    }
    tell(session, shown, proposal, options);
    return 0;
  } finally {
    await opened.close();
  }
}

/** Where nothing is said: by the tags that are there for it, else by headings. */
function defaultCut(notebook: Notebook): SplitBy {
  return notebook.cells.some(
    cell => cell.block !== undefined || cell.tags.some(tag => tag.startsWith('block:')),
  )
    ? 'tag'
    : 'heading';
}

/** Notebooks of blocks lie in a folder named after the original, next to dag.json. */
function blocksOf(project: string, file: string, name: string, proposal: SplitProposal): readonly NewBlock[] {
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

function tell(session: Session, shown: string, proposal: SplitProposal, options: SplitOptions): void {
  const { blocks, prelude, warnings } = proposal;
  if (options.json === true) {
    session.printJson({
      notebook: shown,
      written: options.dryRun !== true,
      prelude: prelude ?? null,
      blocks: blocks.map(block => ({
        id: block.id,
        cells: block.cellIndexes.map(index => index + 1),
        parents: block.parents.map(parent => ({
          block: parent.block,
          ...(parent.use === undefined ? {} : { use: Object.fromEntries(parent.use) }),
        })),
        filter: block.filter.kind === 'names' ? block.filter.patterns : block.filter.kind,
        remarks: block.remarks,
      })),
      warnings,
    });
    return;
  }
  const style = session.outStyle;
  const rows = blocks.map(block => [
    glyph(style, 'never'),
    printable(block.id),
    cellsText(block.cellIndexes),
    block.id === prelude
      ? 'prelude: runs in every session'
      : block.parents.length === 0
        ? ''
        : `after ${block.parents.map(parent => parent.block).join(', ')}`,
    block.filter.kind === 'names' ? `hands on ${block.filter.patterns.join(', ')}` : '',
  ]);
  session.print(
    `${printable(shown)} → ${plural(blocks.length, 'block')}${options.dryRun === true ? ' (nothing written)' : ''}\n${table(rows, '  ')}`,
  );
  for (const warning of warnings) session.warn({ ...warning, file: shown });
  if (options.dryRun !== true) session.note('The notebook itself stays as it is. Next: dagpy run');
}

function cellsText(indexes: readonly number[]): string {
  const first = (indexes[0] ?? 0) + 1;
  const last = (indexes.at(-1) ?? 0) + 1;
  return first === last ? `cell ${String(first)}` : `cells ${String(first)}-${String(last)}`;
}
