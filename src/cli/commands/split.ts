/** `split`: a notebook into blocks with inferred edges and filters. */
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { factsOf } from '../../daemon/cellFacts.js';
import type { SplitProposal } from '../../engine/split.js';
import { readGiven } from '../givenNotebook.js';
import { openKernel } from '../openKernel.js';
import type { SplitOptions } from '../program.js';
import type { Session } from '../session.js';
import { blockTexts, defaultCut, newBlocks, proposalFor } from '../splitNotebook.js';
import { glyph, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { kernelOf, refuseProject, writeNewProject } from './newProject.js';

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
    const facts = (sources: readonly string[]) => factsOf(opened, opened.environment, sources);
    const proposal = await proposalFor(
      notebook,
      { by: options.by ?? defaultCut(notebook), name, shown },
      facts,
    );
    const blocks = newBlocks(project, file, name, proposal);
    if (options.dryRun !== true) {
      const prelude = proposal.prelude === undefined ? {} : { prelude: proposal.prelude };
      const texts = blockTexts(notebook, proposal, text => opened.hasher.digest(text));
      writeNewProject(project, { name, kernel, ...prelude, blocks }, texts);
    }
    tell(session, shown, proposal, options);
    return 0;
  } finally {
    await opened.close();
  }
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
