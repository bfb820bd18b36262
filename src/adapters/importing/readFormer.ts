/** Projects of the original dagpy as files: what `planImport` is given, and where each block's cells and folder are. */
import { realpathSync, statSync } from 'node:fs';
import { dirname, extname, join, posix, relative, resolve, sep } from 'node:path';
import type { ImportBlock, ImportCell, ImportInput } from '../../engine/importing/plan.js';
import {
  decodeDelimiter,
  decodeFormerProject,
  FORMER_BOOKKEEPING,
  type FormerBlock,
  type FormerBookkeeping,
} from '../../protocol/formerProject/index.js';
import { memberOf } from '../../protocol/jsonText.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import type { Notebook, NotebookCell } from '../notebooks/index.js';
import { readTextFile } from '../textFile.js';

/** Bytes. */
const LARGEST_PROJECT = 8_000_000;
const FLOW = '.ipynb';

export interface FormerSource {
  readonly notebook: Notebook;
  /** In which the block ran. */
  readonly folder: string;
}

export interface FormerFiles {
  readonly input: ImportInput;
  /** Name of the project, where the file says one. */
  readonly name?: string;
  /** One for each block of `input`, in its order. */
  readonly sources: readonly FormerSource[];
  readonly warnings: readonly Problem[];
}

/** Reads a notebook of any format. @param shown how messages name it */
export type ReadNotebook = (path: string, shown: string) => Result<Notebook>;

/** @param path of a project file, or of a flow notebook @param shown how messages name it */
export function readFormer(path: string, shown: string, read: ReadNotebook): Result<FormerFiles> {
  return extname(path).toLowerCase() === FLOW ? readFlow(path, shown, read) : readProject(path, shown, read);
}

function readProject(path: string, shown: string, read: ReadNotebook): Result<FormerFiles> {
  const text = readTextFile(path, shown, LARGEST_PROJECT);
  if (!text.ok) return text;
  const decoded = decodeFormerProject(text.value.text, shown);
  if (!decoded.ok) return decoded;
  const root = realpathSync(dirname(path));
  const shownFolder = dirname(shown.replaceAll(sep, '/'));
  const problems: Problem[] = [];
  const blocks: ImportBlock[] = [];
  const sources: FormerSource[] = [];
  const notebooks = new Map<string, Result<Notebook>>();
  for (const former of decoded.value.blocks) {
    const file = join(dirname(path), former.file);
    const outside = missingOrOutside(former, file, root);
    if (outside !== undefined) {
      problems.push(outside);
      continue;
    }
    const name = posix.join(shownFolder, former.file);
    const notebook = notebooks.get(file) ?? read(file, name);
    notebooks.set(file, notebook);
    if (!notebook.ok) {
      problems.push(...notebook.problems);
      continue;
    }
    const cells = notebook.value.cells.map(cell => importCell(notebook.value, cell).cell);
    blocks.push({ former, notebook: name, cells });
    sources.push({ notebook: notebook.value, folder: dirname(file) });
  }
  if (problems.length > 0) return failure(...problems);
  const { name, warnings } = decoded.value;
  return success({
    input: { file: shown, kind: 'project', blocks },
    ...(name === undefined ? {} : { name }),
    sources,
    warnings,
  });
}

/** The decoder keeps paths below the folder; links may still lead out of it. */
function missingOrOutside(former: FormerBlock, file: string, root: string): Problem | undefined {
  const what = `the notebook ${former.file} of the block ${former.id}`;
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    return {
      code: 'notebook-missing',
      message: `${what} does not exist`,
      ...former.place,
      remedy: 'restore the notebook, or correct "file" of the block',
    };
  }
  if (resolve(root, relative(root, real)) === real && !relative(root, real).split(sep).includes('..'))
    return undefined;
  return {
    code: 'former-project',
    message: `${what} is a link to ${real}, outside the folder of the project file`,
    ...former.place,
    remedy: 'copy the notebook into that folder',
  };
}

function readFlow(path: string, shown: string, read: ReadNotebook): Result<FormerFiles> {
  const notebook = read(path, shown);
  if (!notebook.ok) return notebook;
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const found: { readonly former: FormerBlock; readonly cells: ImportCell[] }[] = [];
  const before: ImportCell[] = [];
  for (const each of notebook.value.cells) {
    const { cell, blockId } = importCell(notebook.value, each);
    if (cell.bookkeeping === 'delimiter') {
      const decoded = decodeDelimiter(each.source, blockId, { file: shown, cell: each.place });
      if (!decoded.ok) {
        problems.push(...decoded.problems);
        continue;
      }
      warnings.push(...decoded.value.warnings);
      // The original gave cells above the first delimiter to the first block.
      found.push({ former: decoded.value.block, cells: found.length === 0 ? before : [] });
    } else (found.at(-1)?.cells ?? before).push(cell);
  }
  if (problems.length > 0) return failure(...problems);
  if (found.length === 0)
    return failure({
      code: 'former-flow',
      message: 'the notebook has no delimiter cell, so it is no flow notebook of the original dagpy',
      file: shown,
      remedy: `to make blocks of any other notebook: dagpy split ${JSON.stringify(shown)}`,
    });
  const early = before.find(cell => cell.bookkeeping === undefined && cell.index < firstCell(found));
  if (early !== undefined)
    warnings.push({
      code: 'import-early-cell',
      message: `cells above the first delimiter belong to ${found[0]?.former.id ?? ''}, as they did in the original`,
      file: shown,
      cell: early.index + 1,
      remedy: 'move them into another block where they belong there',
    });
  return success({
    input: {
      file: shown,
      kind: 'flow',
      blocks: found.map(({ former, cells }) => ({ former, notebook: shown, cells })),
    },
    sources: found.map(({ former }) => ({
      notebook: notebook.value,
      folder: existingFolder(dirname(path), former.file),
    })),
    warnings,
  });
}

const firstCell = (found: readonly { readonly former: FormerBlock }[]): number =>
  (found[0]?.former.place.cell ?? 1) - 1;

/** Blocks ran where their own notebook lay; of a flow that was passed on alone only its own folder is known. */
function existingFolder(folder: string, file: string): string {
  const wanted = join(folder, dirname(file));
  return statSync(wanted, { throwIfNoEntry: false })?.isDirectory() === true ? wanted : folder;
}

function importCell(
  notebook: Notebook,
  { index, type, source, span }: NotebookCell,
): { readonly cell: ImportCell; readonly blockId: string | undefined } {
  const metadata = memberOf(notebook.text, span.start, 'metadata')?.value;
  const mark = metadata && memberOf(notebook.text, metadata.start, 'dagpy')?.value;
  const value: unknown = mark && JSON.parse(notebook.text.slice(mark.start, mark.end));
  const marks =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const bookkeeping = FORMER_BOOKKEEPING.find(kind => kind === marks['cell_type']);
  const id = marks['block_id'];
  return {
    cell: {
      index,
      kind: type,
      source,
      ...(bookkeeping === undefined ? {} : { bookkeeping: bookkeeping satisfies FormerBookkeeping }),
      isMarked: mark !== undefined && bookkeeping === undefined,
    },
    blockId: typeof id === 'string' && id !== '' ? id : undefined,
  };
}
