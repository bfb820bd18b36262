/** A notebook as the engine needs it: cells with their source, and where everything stands in the text. */
import {
  elementsOf,
  memberOf,
  membersOf,
  placeOf,
  rootStart,
  type Member,
  type Span,
} from '../../protocol/jsonText.js';
import type { CellOutputs, JsonObject } from '../../protocol/outputs.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { nestingOf, parseJson, syntaxProblems, tooDeep } from '../../protocol/strictJson.js';
import { readTextFile, type TextStamp } from '../textFile.js';
import { isObject, joinLines, outputFromFile, WIDGET_STATE } from './outputs.js';

/** V8 can not hold longer strings. */
const LARGEST_NOTEBOOK = 500_000_000;
const DEEPEST = 500;

export interface NotebookCell {
  /** Among all cells, from 0. */
  readonly index: number;
  /** Among all cells, from 1, as messages name it. */
  readonly place: number;
  /** The file's, or `cell-<place>` where the format has none (before nbformat 4.5). */
  readonly id: string;
  readonly hasOwnId: boolean;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly tags: readonly string[];
  /** Block of a flow notebook that the cell belongs to. */
  readonly block: string | undefined;
  /** The whole cell in the text. */
  readonly span: Span;
}

export interface Notebook {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
  readonly stamp: TextStamp | null;
  readonly format: number;
  readonly minor: number;
  readonly cells: readonly NotebookCell[];
  /** Name of the kernelspec that it asks for. */
  readonly kernelspec: string | undefined;
  /** Lower case, `python` where nothing is said. */
  readonly language: string;
  /** Permanent identity as a block. */
  readonly uid: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Odd things that do not keep it from being used. */
  readonly warnings: readonly Problem[];
}

/** Reads a notebook file. @param file how messages name it, relative to the project */
export function readNotebook(path: string, file: string): Result<Notebook> {
  const read = readTextFile(path, file, LARGEST_NOTEBOOK);
  if (!read.ok) {
    return failure(
      ...read.problems.map(problem =>
        problem.code === 'file-missing'
          ? {
              ...problem,
              code: 'notebook-missing',
              remedy: 'restore the notebook, or correct its path in dag.json',
            }
          : problem,
      ),
    );
  }
  return parseNotebook(read.value.text, file, read.value.stamp);
}

interface RawNotebook {
  readonly nbformat?: unknown;
  readonly nbformat_minor?: unknown;
  readonly metadata?: unknown;
  readonly cells?: unknown;
}

export function parseNotebook(text: string, file: string, stamp: TextStamp | null = null): Result<Notebook> {
  let raw: RawNotebook;
  try {
    raw = parseJson(text) as RawNotebook;
  } catch {
    // Programs write notebooks: one that is not JSON was cut or merged, and all behind the first error follows from it.
    return failure(...syntaxProblems(text, file, DEEPEST).slice(0, 1));
  }
  // `JSON.parse` takes any depth; whatever walks through the outputs afterwards does not.
  if (nestingOf(text) > DEEPEST) return failure(tooDeep(file, DEEPEST));
  const formProblem = checkForm(raw, text, file);
  if (formProblem) return failure(formProblem);
  const cells: NotebookCell[] = [];
  const problems: Problem[] = [];
  const spans = cellSpans(text);
  for (const [index, cell] of (raw.cells as readonly unknown[]).entries()) {
    const span = spans[index] as Span;
    const read = readCell(cell, index, span);
    if (typeof read === 'string') {
      const remedy = 'open and save the notebook in Jupyter, or restore it from version control';
      problems.push({
        code: 'notebook-invalid',
        message: read,
        file,
        ...placeOf(text, span.start),
        cell: index + 1,
        remedy,
      });
    } else cells.push(read);
  }
  problems.push(...doubledIds(cells, text, file));
  if (problems.length > 0) return failure(...problems);
  const metadata = isObject(raw.metadata) ? raw.metadata : {};
  const minor = typeof raw.nbformat_minor === 'number' ? raw.nbformat_minor : 0;
  return success({
    file,
    text,
    stamp,
    format: raw.nbformat as number,
    minor,
    cells,
    kernelspec: textIn(metadata, 'kernelspec', 'name'),
    language: (
      textIn(metadata, 'language_info', 'name') ??
      textIn(metadata, 'kernelspec', 'language') ??
      'python'
    ).toLowerCase(),
    uid: textIn(metadata, 'dagpy', 'uid'),
    metadata,
    warnings: formWarnings(raw, minor, file),
  });
}

function checkForm(raw: RawNotebook, text: string, file: string): Problem | undefined {
  const invalid = (message: string, remedy: string, code = 'notebook-invalid'): Problem => ({
    code,
    message,
    file,
    ...placeOf(text, rootStart(text)),
    remedy,
  });
  if (!isObject(raw)) return invalid('the file is JSON, but not a notebook', 'name a notebook (.ipynb)');
  const format = raw.nbformat;
  if (typeof format === 'number' && format < 4) {
    return invalid(
      `the notebook has the old format ${format}`,
      `upgrade it: jupyter nbconvert --to notebook --inplace ${JSON.stringify(file)}`,
      'notebook-old-format',
    );
  }
  if (typeof format === 'number' && format > 4) {
    return invalid(
      `the notebook has format ${format}, which this version does not know`,
      'upgrade jupyterlab-dagpy, or save it as format 4',
    );
  }
  if (format !== 4 || !Array.isArray(raw.cells)) {
    return invalid(
      'the file is JSON, but not a notebook: nbformat or cells is missing',
      'name a notebook (.ipynb)',
    );
  }
  return undefined;
}

/** The cell, or what is wrong with it. */
function readCell(raw: unknown, index: number, span: Span): NotebookCell | string {
  if (!isObject(raw)) return 'the cell is not an object';
  const type = raw['cell_type'];
  if (type !== 'code' && type !== 'markdown' && type !== 'raw') {
    return `the cell has an unknown type ${JSON.stringify(type ?? null)}`;
  }
  const source = joinLines(raw['source']);
  if (source === undefined) return 'the cell has no source: a string or a list of strings';
  if (type === 'code' && raw['outputs'] !== undefined && !Array.isArray(raw['outputs']))
    return "the cell's outputs are not a list";
  const metadata = isObject(raw['metadata']) ? raw['metadata'] : {};
  const ownId = raw['id'];
  const tags = metadata['tags'];
  return {
    index,
    place: index + 1,
    id: typeof ownId === 'string' ? ownId : `cell-${index + 1}`,
    hasOwnId: typeof ownId === 'string',
    type,
    source,
    tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [],
    block: textIn(metadata, 'dagpy', 'block'),
    span,
  };
}

function doubledIds(cells: readonly NotebookCell[], text: string, file: string): Problem[] {
  const first = new Map<string, NotebookCell>();
  const problems: Problem[] = [];
  for (const cell of cells) {
    const other = first.get(cell.id);
    if (other === undefined) first.set(cell.id, cell);
    else if (cell.hasOwnId && other.hasOwnId) {
      problems.push({
        code: 'notebook-doubled-cell-id',
        message: `cells ${other.place} and ${cell.place} have the same id ${JSON.stringify(cell.id)}`,
        file,
        ...placeOf(text, cell.span.start),
        cell: cell.place,
        remedy: 'give one of them another id: opening and saving the notebook in Jupyter does it',
      });
    }
  }
  return problems;
}

function formWarnings(raw: RawNotebook, minor: number, file: string): Problem[] {
  if (minor <= 5 && typeof raw.nbformat_minor === 'number') return [];
  const message = `nbformat_minor is ${JSON.stringify(raw.nbformat_minor ?? null)}`;
  return [
    { code: 'notebook-minor', message, file, remedy: 'what is newer than 4.5 is kept and not understood' },
  ];
}

function textIn(metadata: unknown, group: string, key: string): string | undefined {
  const inner = isObject(metadata) ? metadata[group] : undefined;
  const value = isObject(inner) ? inner[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Where the cells stand in the text of a notebook. */
export function cellSpans(text: string): readonly Span[] {
  const cells = memberOf(text, rootStart(text), 'cells');
  return cells ? elementsOf(text, cells.value.start) : [];
}

/** What a code cell shows in the file. */
export function readOutputs(notebook: Notebook, cell: NotebookCell): CellOutputs {
  const members = membersOf(notebook.text, cell.span.start);
  const value = (key: string) => parseMember(notebook.text, members, key);
  const outputs = value('outputs');
  const count = value('execution_count');
  return {
    outputs: Array.isArray(outputs) ? outputs.map(outputFromFile) : [],
    executionCount: typeof count === 'number' ? count : null,
  };
}

function parseMember(text: string, members: readonly Member[], key: string): unknown {
  const member = members.filter(other => other.key === key).at(-1);
  return member && (JSON.parse(text.slice(member.value.start, member.value.end)) as unknown);
}

/** State of widgets as the file keeps it. */
export function readWidgets(notebook: Notebook): JsonObject | undefined {
  const widgets = notebook.metadata['widgets'];
  const state = isObject(widgets) ? widgets[WIDGET_STATE] : undefined;
  return isObject(state) ? (state as JsonObject) : undefined;
}
