/** Cells of a notebook's content as plain data, with sources as one text. */
import type { JSONObject } from '@lumino/coreutils';
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

/** Files keep texts as lists of lines, editors as one. */
export const joined = (text: unknown): string =>
  Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : '';
