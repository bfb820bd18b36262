/** Notebooks of blocks for the runtime: read once, written back by splicing, trust kept. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BlockNotebook, Notebooks } from '../engine/notebookPorts.js';
import type { Uid } from '../protocol/ids.js';
import type { Display } from '../protocol/outputs.js';
import { failure, success, type Result } from '../protocol/problem.js';
import { parseNotebook, readNotebook, readOutputs, readWidgets, type Notebook } from './notebooks/read.js';
import { setMetadata, spliceOutputs } from './notebooks/splice.js';
import type { TrustKeeper } from './notebooks/trust.js';
import { upgradeNotebook } from './notebooks/upgrade.js';
import type { KeptReads } from './store/keptReads.js';
import { readTextFile, replaceTextFile, replaceTextFileLater } from './textFile.js';

export interface BlockNotebooksOptions {
  /** Absolute path of the project. */
  readonly project: string;
  /** Python of DAGpy's own environment, for upgrading old formats. */
  readonly python: string;
  readonly trust: TrustKeeper;
  /** Told to the person; nothing stops for it. */
  readonly note: (message: string) => void;
  /** Read before, by a process that stays. */
  readonly kept?: KeptReads<Result<BlockNotebook>>;
}

interface Current {
  readonly notebook: Notebook;
  /** Text of the file where it has an old format. */
  readonly old: string | null;
}

const LARGEST_NOTEBOOK = 500_000_000;
/** How often a file that changes under our hands is read again before giving up. */
const ATTEMPTS = 5;

export function createBlockNotebooks({
  project,
  python,
  trust,
  note,
  kept,
}: BlockNotebooksOptions): Notebooks {
  const toSign = new Set<string>();

  /** Notebooks of an old format are upgraded in memory; the file changes only when outputs are written. */
  const readCurrent = (path: string): Result<Current> => {
    const file = join(project, path);
    const read = readNotebook(file, path);
    if (read.ok) return success({ notebook: read.value, old: null });
    if (read.problems[0]?.code !== 'notebook-old-format') return read;
    const old = readTextFile(file, path, LARGEST_NOTEBOOK);
    if (!old.ok) return old;
    const upgraded = upgradeNotebook(python, file, path);
    if (!upgraded.ok) return upgraded;
    const parsed = parseNotebook(upgraded.value, path, old.value.stamp);
    return parsed.ok ? success({ notebook: parsed.value, old: old.value.text }) : parsed;
  };

  const keepOld = (path: string, text: string): Result<unknown> => {
    const kept = `${path}.before-upgrade`;
    if (existsSync(join(project, kept))) return success(undefined);
    note(`${path} was upgraded to notebook format 4; the old file is kept as ${kept}`);
    return replaceTextFile(join(project, kept), text, null, kept);
  };

  const readView = (path: string): Result<BlockNotebook> => {
    const read = readCurrent(path);
    return read.ok ? success(view(read.value)) : read;
  };

  return {
    read: path =>
      kept === undefined ? readView(path) : kept.read(join(project, path), () => readView(path)),
    async write(path, notebook, cells, display, uid) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const read = readCurrent(path);
        if (!read.ok) return read;
        const { notebook: current, old } = read.value;
        const text = withOutputs(current, notebook, cells, display, uid);
        if (text === undefined) return success(false);
        if (text === current.text && old === null) return success(true);
        const kept = old === null ? success(undefined) : keepOld(path, old);
        if (!kept.ok) return failure(...kept.problems);
        const [trusted] = await trust.wasTrusted([old ?? current.text]);
        const written = await replaceTextFileLater(join(project, path), text, current.stamp, path);
        if (written.ok) {
          if (trusted === true) toSign.add(path);
          return success(true);
        }
        if (written.problems[0]?.code !== 'file-changed') return failure(...written.problems);
      }
      return success(false);
    },
    expectWrite: () => trust.prepare(),
    async settle() {
      const paths = [...toSign].map(path => join(project, path));
      toSign.clear();
      for (const { path, error } of paths.length > 0 ? await trust.signAgain(paths) : []) {
        note(`${path} was trusted and could not be signed again: ${error}`);
      }
      trust.close();
    },
  };
}

function view({ notebook, old }: Current): BlockNotebook {
  const code = notebook.cells.filter(cell => cell.type === 'code');
  return {
    text: notebook.text,
    isUpgraded: old !== null,
    cells: notebook.cells,
    uid: notebook.uid as Uid | undefined,
    warnings: notebook.warnings,
    shown(cells) {
      const wanted = new Set(cells);
      const widgets = readWidgets(notebook);
      return {
        cells: code.filter(cell => wanted.has(cell.index)).map(cell => readOutputs(notebook, cell)),
        ...(widgets === undefined ? {} : { widgets }),
      };
    },
  };
}

/**
 * The file's text with outputs in the cells that ran. Cells are matched as they were when the run began; where the
 * file was edited meanwhile, by source in order. `undefined`: a cell that ran is not there any more, so that its
 * outputs would stand below other code.
 */
function withOutputs(
  current: Notebook,
  ran: BlockNotebook,
  cells: readonly number[],
  display: Display,
  uid: Uid,
): string | undefined {
  const code = current.cells.filter(cell => cell.type === 'code');
  const updates: {
    cell: number;
    outputs: Display['cells'][number]['outputs'];
    executionCount: number | null;
  }[] = [];
  const taken = new Set<number>();
  let next = 0;
  for (const [ordinal, index] of cells.entries()) {
    const source = ran.cells[index]?.source;
    const place = code.findIndex((cell, at) => at >= next && cell.source === source);
    if (place < 0) return undefined;
    next = place + 1;
    const target = code[place]?.index ?? 0;
    taken.add(target);
    const shown = display.cells[ordinal];
    updates.push({
      cell: target,
      outputs: shown?.outputs ?? [],
      executionCount: shown?.executionCount ?? null,
    });
  }
  const unchanged =
    ran.cells.length === current.cells.length &&
    ran.cells.every((cell, at) => cell.source === current.cells[at]?.source);
  // Cells without code show nothing; one that was typed meanwhile is left alone.
  for (const cell of unchanged ? code : []) {
    if (!taken.has(cell.index)) updates.push({ cell: cell.index, outputs: [], executionCount: null });
  }
  const spliced = spliceOutputs(current.text, updates, display.widgets ?? null);
  // None yet, or that of the notebook it was copied from.
  return current.uid === uid ? spliced : setMetadata(spliced, ['dagpy', 'uid'], uid);
}
