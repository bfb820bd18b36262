/** `import`: a project of the original dagpy, or a flow notebook of it, as a project of this one. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { createHasher } from '../../adapters/hash.js';
import { readFormer, type FormerFiles } from '../../adapters/importing/readFormer.js';
import { buildNotebook } from '../../adapters/notebooks/index.js';
import { derivedUid } from '../../engine/identity.js';
import { planImport, type ImportedBlock, type ImportProposal } from '../../engine/importing/plan.js';
import type { NewBlock } from '../../protocol/dagFileCodec/index.js';
import { nearest } from '../../protocol/nearest.js';
import { orThrow, type Problem, ProblemError } from '../../protocol/problem.js';
import { readAnyFormat } from '../givenNotebook.js';
import type { ImportOptions } from '../program.js';
import type { Session } from '../session.js';
import { glyph, oneLine, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { folderName, kernelOf, refuseProject, writeNewProject } from './newProject.js';

export async function importProject(session: Session, path: string, options: ImportOptions): Promise<number> {
  const { around } = session;
  const file = resolve(around.cwd, path);
  const shown = relative(around.cwd, file) || file;
  if (!existsSync(file)) throw new ProblemError([missing(file, shown)]);
  const project = resolve(around.cwd, options.output ?? dirname(file));
  if (options.dryRun !== true) refuseProject(project, relative(around.cwd, project));
  const read = (notebook: string, name: string) => readAnyFormat(() => around.python(), notebook, name);
  const former = orThrow(readFormer(file, shown, read));
  const proposal = planImport(former.input);
  if (proposal.problems.length > 0) throw new ProblemError(proposal.problems);
  const kernel = kernelOf(
    session,
    former.sources.map(({ notebook }) => notebook),
    'imported',
  );
  const stem = basename(file, extname(file));
  const blocks = blocksOf(project, stem, former, proposal);
  if (options.dryRun !== true) {
    const { digest } = await createHasher();
    const texts = proposal.blocks.map((block, index) =>
      buildNotebook(former.sources[index]!.notebook, block.cellIndexes, derivedUid(block.id, digest)),
    );
    writeNewProject(project, { name: former.name ?? stem, kernel, blocks }, texts);
  }
  const warnings = [...former.warnings, ...proposal.warnings];
  if (options.json === true) session.printJson(report(former, proposal, blocks, warnings, options));
  else tell(session, project, former, proposal, warnings, options.dryRun === true);
  return 0;
}

function missing(file: string, shown: string): Problem {
  const folder = dirname(file);
  const near = nearest(basename(file), existsSync(folder) ? readdirSync(folder) : []);
  return {
    code: 'file-missing',
    message: `${shown} does not exist`,
    file: shown,
    remedy: near === undefined ? 'correct the path' : `did you mean ${join(dirname(shown), near)}?`,
  };
}

/** Notebooks of blocks lie in a folder named after the original, or beside that where the blocks of the original do. */
function blocksOf(
  project: string,
  stem: string,
  former: FormerFiles,
  { blocks }: ImportProposal,
): readonly NewBlock[] {
  const named = folderName(stem);
  const notebookIn = (folder: string, block: ImportedBlock) => `${folder}/${block.id}.ipynb`;
  const isFile = statSync(join(project, named), { throwIfNoEntry: false })?.isDirectory() === false;
  const isTaken = isFile || blocks.some(block => existsSync(join(project, notebookIn(named, block))));
  const folder = isTaken ? `${named}-blocks` : named;
  return blocks.map((block, index) => ({
    id: block.id,
    notebook: notebookIn(folder, block),
    parents: block.parents,
    filter: block.filter,
    // Relative paths and local imports go on meaning what they meant in the original.
    cwd: relative(project, former.sources[index]!.folder).replaceAll('\\', '/') || '.',
    ...(block.description === '' ? {} : { tags: { description: block.description } }),
  }));
}

function report(
  former: FormerFiles,
  { blocks }: ImportProposal,
  declared: readonly NewBlock[],
  warnings: readonly Problem[],
  options: ImportOptions,
): unknown {
  return {
    file: former.input.file,
    kind: former.input.kind,
    written: options.dryRun !== true,
    blocks: blocks.map((block, index) => ({
      id: block.id,
      was: block.formerId,
      notebook: declared[index]?.notebook,
      cells: block.cellIndexes.map(cell => cell + 1),
      parents: block.parents.map(parent => ({
        block: parent.block,
        ...(parent.use === undefined ? {} : { use: Object.fromEntries(parent.use) }),
      })),
      filter: block.filter.kind === 'names' ? block.filter.patterns : block.filter.kind,
      description: block.description,
    })),
    warnings,
  };
}

function tell(
  session: Session,
  project: string,
  former: FormerFiles,
  { blocks }: ImportProposal,
  warnings: readonly Problem[],
  isDry: boolean,
): void {
  const style = session.outStyle;
  const rows = blocks.map((block, index) => [
    glyph(style, 'never'),
    printable(block.id),
    cellsText(block, former.input.blocks[index]!.cells.length),
    block.parents.length === 0 ? '' : `after ${block.parents.map(parent => parent.block).join(', ')}`,
    filterText(block),
    oneLine(block.description),
  ]);
  session.print(
    `${printable(former.input.file)} → ${plural(blocks.length, 'block')}${isDry ? ' (nothing written)' : ''}\n${table(rows, '  ')}`,
  );
  for (const warning of warnings) session.warn(warning);
  session.note(
    'Values cached by the original are never loaded: the first dagpy run makes them again. Its files stay as they are.',
  );
  const where = relative(session.around.cwd, project);
  if (!isDry) session.note(`Next: dagpy ${where === '' ? '' : `-C ${JSON.stringify(where)} `}run`);
}

function cellsText({ cellIndexes }: ImportedBlock, all: number): string {
  const left = all - cellIndexes.length;
  return `${plural(cellIndexes.length, 'cell')}${left === 0 ? '' : `, ${String(left)} generated left out`}`;
}

function filterText({ filter }: ImportedBlock): string {
  if (filter.kind !== 'names') return 'hands on its session';
  return filter.patterns.length === 0 ? '' : `hands on ${filter.patterns.join(', ')}`;
}
