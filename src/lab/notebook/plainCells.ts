/** Cells of a notebook's content as plain data, with sources as one text. */
import type { INotebookModel } from '@jupyterlab/notebook';
import { JSONExt, type JSONObject } from '@lumino/coreutils';
import type { NotebookContent } from '../../protocol/resident/calls.js';

export interface PlainCell {
  readonly id: string;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly metadata: JSONObject;
  /** Of code cells; empty for others. */
  readonly outputs: JSONObject[];
  readonly executionCount: number | null;
  readonly attachments?: JSONObject;
}

/** Cells without an id are left out: editors give one to each. */
export function decodeCells(content: NotebookContent): readonly PlainCell[] {
  const { cells } = content;
  return Array.isArray(cells) ? cells.flatMap(cell => decodeCell(cell) ?? []) : [];
}

function decodeCell(cell: unknown): PlainCell | undefined {
  if (!isObject(cell) || typeof cell['id'] !== 'string') return undefined;
  const { id, cell_type: type, source, metadata, outputs, execution_count: count, attachments } = cell;
  return {
    id,
    type: type === 'code' || type === 'markdown' ? type : 'raw',
    source: joined(source),
    metadata: isObject(metadata) ? metadata : {},
    outputs: Array.isArray(outputs) ? outputs.filter(isObject) : [],
    executionCount: typeof count === 'number' ? count : null,
    ...(isObject(attachments) ? { attachments } : {}),
  };
}

const isObject = (value: unknown): value is JSONObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A notebook as its editor has it, with the ids that its cells have there: formats without cell ids leave them out of what
 * is saved.
 */
export function contentOf(model: INotebookModel): NotebookContent {
  const content = model.toJSON() as unknown as NotebookContent;
  const { cells } = content;
  if (!Array.isArray(cells) || hasCellIds(content)) return content;
  const ids = [...model.cells].map(({ id }) => id);
  return {
    ...content,
    cells: cells.map((cell, at) => (isObject(cell) ? { ...cell, id: ids[at]! } : cell)),
    nbformat_minor: MINOR_WITH_IDS,
  };
}

const MINOR_WITH_IDS = 5;

export const hasCellIds = ({ cells }: NotebookContent): boolean =>
  Array.isArray(cells) && cells.every(cell => isObject(cell) && typeof cell['id'] === 'string');

/** Only cells that are wanted; for each other one, that of another version, as far as it has one. */
export function withCellsOf(
  content: NotebookContent,
  isWanted: (cell: { readonly id: string }) => boolean,
  other: NotebookContent = {},
): NotebookContent {
  const own = Array.isArray(content['cells']) ? content['cells'] : [];
  const others = new Map(
    (Array.isArray(other['cells']) ? other['cells'] : []).flatMap(cell =>
      isObject(cell) && typeof cell['id'] === 'string' ? [[cell['id'], cell] as const] : [],
    ),
  );
  const cells = own.flatMap(cell => {
    if (!isObject(cell) || typeof cell['id'] !== 'string') return [];
    const { id } = cell;
    return isWanted({ id }) ? [cell] : (others.get(id) ?? []);
  });
  return { ...content, cells };
}

/** Tells two contents apart by their cells and what is written in them. */
export function digestOfCells({ cells }: INotebookModel): string {
  let digest = 0;
  for (const cell of cells)
    for (const character of `${cell.id}\n${cell.type}\n${cell.sharedModel.getSource()}\n`)
      digest = (Math.imul(digest, 31) + character.codePointAt(0)!) | 0;
  return String(digest);
}

/** What consists of blocks remembers its cells by their ids, so its format has to keep them. */
export function keepCellIds({ sharedModel }: INotebookModel): void {
  if (sharedModel.nbformat_minor >= MINOR_WITH_IDS) return;
  // The interface only reads it; what implements it has a setter.
  Object.assign(sharedModel, { nbformat_minor: MINOR_WITH_IDS });
}

/** Whether two contents mean the same, however their texts are kept. */
export const isSameContent = (one: NotebookContent, other: NotebookContent): boolean =>
  JSONExt.deepEqual(meantBy(one), meantBy(other));

function meantBy(content: NotebookContent): JSONObject {
  const { metadata } = content;
  return {
    metadata: isObject(metadata) ? metadata : {},
    cells: decodeCells(content).map(({ metadata: { trusted: _, ...rest }, outputs, ...cell }) => ({
      ...(cell as unknown as JSONObject),
      metadata: rest,
      outputs: outputs.map(joinedOutput),
    })),
  };
}

function joinedOutput(output: JSONObject): JSONObject {
  const { text, data } = output;
  return {
    ...output,
    ...(text === undefined ? {} : { text: joined(text) }),
    ...(isObject(data)
      ? {
          data: Object.fromEntries(
            Object.entries(data).map(([type, value]) => [
              type,
              Array.isArray(value) && !type.endsWith('json') ? joined(value) : (value ?? null),
            ]),
          ),
        }
      : {}),
  };
}

/** Files keep texts as lists of lines, editors as one. */
export const joined = (text: unknown): string =>
  Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : '';
