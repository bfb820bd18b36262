/** New notebooks out of cells of another one, copied byte for byte. */
import { formatJson } from '../../protocol/jsonFormat.js';
import { membersOf, styleOf, valueAt } from '../../protocol/jsonText.js';
import type { JsonObject } from '../../protocol/outputs.js';
import { splitLines, WIDGET_STATE } from './outputs.js';
import type { Notebook } from './read.js';

/** Metadata that belongs to the original alone: its identity, its pairing with a script, its old signature. */
const NOT_COPIED = new Set(['dagpy', 'jupytext', 'signature', 'orig_nbformat', 'orig_nbformat_minor']);

const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/**
 * Text of a notebook with the given cells of `original`, in the order given: ids, metadata, attachments, outputs and
 * sources as they are, format numbers, metadata (kernelspec, language …) and layout of the original.
 * @param dagpy what goes into `metadata.dagpy` besides the uid
 */
export function buildNotebook(
  original: Notebook,
  cells: readonly number[],
  uid: string,
  dagpy: Readonly<Record<string, unknown>> = {},
): string {
  const slices = cells.map(index => {
    const span = original.cells[index]?.span;
    if (span === undefined) throw new Error(`the notebook has no cell ${index + 1}`);
    return original.text.slice(span.start, span.end);
  });
  return composeNotebook(original, slices, { ...dagpy, uid });
}

/** A notebook of code cells that never ran, for a block made from nothing or from what somebody typed elsewhere. */
export function newNotebook(
  uid: string,
  kernelspec: { readonly name: string; readonly display_name: string },
  cellId: string,
  sources: readonly string[] = [''],
): string {
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    execution_count: null,
    id: index === 0 ? cellId : `${cellId}-${String(index + 1)}`,
    metadata: {},
    outputs: [],
    source: splitLines(source),
  }));
  const metadata = { dagpy: { uid }, kernelspec: { ...kernelspec, language: 'python' } };
  return `${formatJson({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, { newline: '\n', unit: ' ' })}\n`;
}

export interface Composition {
  /** Of nbformat 4; absent: the original's. */
  readonly minor?: number;
  /** State of widgets, where it is not the original's. */
  readonly widgets?: JsonObject;
}

/** As `buildNotebook`, from cells' texts (of one or several notebooks). @param dagpy what goes into `metadata.dagpy` */
export function composeNotebook(
  original: Notebook,
  cells: readonly string[],
  dagpy: Readonly<Record<string, unknown>>,
  { minor = original.minor, widgets }: Composition = {},
): string {
  const { text } = original;
  const style = styleOf(text);
  const unit = style.unit ?? '';
  const newline = style.unit === null ? '' : style.newline;
  const separator = style.unit === null ? ', ' : ',' + newline;
  const list = (open: string, entries: readonly string[], close: string, indent: string) =>
    entries.length === 0
      ? open + close
      : open +
        newline +
        entries.map(entry => indent + unit + entry).join(separator) +
        newline +
        indent +
        close;

  const hasWidgets = cells.some(cell => cell.includes(WIDGET_VIEW));
  const metadata = valueAt(text, ['metadata']);
  const kept = (metadata ? membersOf(text, metadata.start) : [])
    .filter(member => !NOT_COPIED.has(member.key))
    .filter(member => member.key !== 'widgets' || (hasWidgets && widgets === undefined))
    .map(member => ({ key: member.key, text: text.slice(member.start, member.value.end) }));
  const put = (key: string, value: unknown): void => {
    const place = kept.findIndex(member => member.key > key);
    const entry = { key, text: `${JSON.stringify(key)}: ${formatJson(value, style, unit + unit)}` };
    kept.splice(place < 0 ? kept.length : place, 0, entry);
  };
  put('dagpy', dagpy);
  if (widgets !== undefined) put('widgets', { [WIDGET_STATE]: widgets });

  const root = [
    `"cells": ${list('[', cells, ']', unit)}`,
    `"metadata": ${list(
      '{',
      kept.map(member => member.text),
      '}',
      unit,
    )}`,
    `"nbformat": ${original.format}`,
    `"nbformat_minor": ${minor}`,
  ];
  return list('{', root, '}', '') + (/\n\s*$/.test(text) ? style.newline : '');
}
