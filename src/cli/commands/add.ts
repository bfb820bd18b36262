/** `add`: a block of its own, or one made of cells of a notebook. */
import { isAbsolute, join, relative, dirname, resolve } from 'node:path';
import { buildNotebook } from '../../adapters/notebooks/index.js';
import { blockId } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import { addBlock, notebookOf } from '../editing/newBlock.js';
import { readGiven } from '../givenNotebook.js';
import type { AddOptions } from '../program.js';
import type { Session } from '../session.js';

export async function add(session: Session, id: string, options: AddOptions): Promise<number> {
  const project = session.folder();
  const cwd = cwdFrom(session, project, options.from);
  const path = await addBlock(project, {
    id,
    parents: (options.parents ?? []).map(parent => ({ block: blockId(parent) })),
    ...(cwd === undefined ? {} : { cwd }),
    text: (uid, dag) =>
      options.from === undefined ? notebookOf(uid, dag, []) : notebookFrom(session, project, options, uid),
  });
  session.note(`${id} added: ${path}`);
  return 0;
}

/** Cells of a notebook go on working in that notebook's folder. */
function cwdFrom(session: Session, project: string, from: string | undefined): string | undefined {
  if (from === undefined) return undefined;
  const source = relative(project, dirname(resolve(session.around.cwd, from))).replaceAll('\\', '/') || '.';
  return isAbsolute(source) ? undefined : source;
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
