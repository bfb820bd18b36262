/** Other code in the code cells of a notebook; everything else of it stays. */
import type { CellCode } from '../../protocol/trace.js';
import { formatJson } from '../../protocol/jsonFormat.js';
import { cellTexts, layoutOf, withCells } from '../flows/cellList.js';
import { editedCell } from '../flows/cellText.js';
import { splitLines } from './outputs.js';
import type { Notebook } from './read.js';

/**
 * Brings the code cells to what they were: cells are found by id, or in order where the format has none; one that is
 * gone is put back after the one it followed, and one that holds other code and was not there then is taken out.
 * @param code non-empty cells in order
 */
export function withCode(notebook: Notebook, code: readonly CellCode[]): string {
  const layout = layoutOf(notebook.text);
  const texts = cellTexts(notebook.text);
  const ids = idsByPlace(notebook, code);
  const wanted = new Map(code.map(({ cell, source }) => [cell, source]));
  const there = new Set(ids.filter(id => id !== undefined));
  const source = (text: string): string =>
    formatJson({ cell_type: 'code', metadata: {}, source: splitLines(text) }, { newline: '\n', unit: null });
  const made = ({ cell, source: text }: CellCode): string =>
    formatJson(
      {
        cell_type: 'code',
        execution_count: null,
        ...(notebook.minor >= 5 ? { id: cell } : {}),
        metadata: {},
        outputs: [],
        source: splitLines(text),
      },
      layout.style,
      layout.indent,
    );
  const missingAfter = new Map<string | undefined, string[]>();
  let before: string | undefined;
  for (const each of code) {
    if (there.has(each.cell)) before = each.cell;
    else missingAfter.set(before, [...(missingAfter.get(before) ?? []), made(each)]);
  }
  const cells = notebook.cells.flatMap((cell, at): readonly string[] => {
    const text = texts[at]!;
    const id = ids[at];
    if (cell.type !== 'code') return [text];
    const next = id === undefined ? undefined : wanted.get(id);
    if (next === undefined) return cell.source.trim() === '' ? [text] : [];
    const changed = next === cell.source ? text : onlySource(text, source(next), layout);
    return [changed, ...(missingAfter.get(id) ?? [])];
  });
  return withCells(notebook.text, [...(missingAfter.get(undefined) ?? []), ...cells]);
}

/** The cell with another source and its own metadata. */
function onlySource(text: string, source: string, layout: Parameters<typeof editedCell>[3]): string {
  const own = JSON.parse(text) as { readonly metadata?: unknown };
  const wanted = JSON.parse(source) as Readonly<Record<string, unknown>>;
  const next = JSON.stringify({ ...wanted, metadata: own.metadata ?? {} });
  return editedCell(text, next, { content: true, outputs: false }, layout);
}

/** Which stored cell each cell of the notebook stands for. */
function idsByPlace(notebook: Notebook, code: readonly CellCode[]): readonly (string | undefined)[] {
  if (notebook.cells.every(cell => cell.hasOwnId)) return notebook.cells.map(({ id }) => id);
  let next = 0;
  return notebook.cells.map(cell =>
    cell.type === 'code' && cell.source.trim() !== '' ? code[next++]?.cell : undefined,
  );
}
