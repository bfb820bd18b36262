/** The list of cells in a notebook's text: taking it apart, and putting another one in its place. */
import {
  applySplices,
  elementsOf,
  indentAt,
  memberOf,
  rootStart,
  styleOf,
  type Span,
} from '../../protocol/jsonText.js';
import type { CellLayout } from './cellText.js';

/** How cells are laid out in a notebook. */
export function layoutOf(text: string): CellLayout {
  const style = styleOf(text);
  const cells = listIn(text);
  const first = cells === undefined ? undefined : elementsOf(text, cells.start)[0];
  const unit = style.unit ?? '';
  const onOwnLine =
    first !== undefined && /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', first.start) + 1, first.start));
  return { style, indent: onOwnLine ? indentAt(text, first.start) : unit + unit };
}

/** The cells' texts, in order. */
export function cellTexts(text: string): readonly string[] {
  const list = listIn(text);
  return list === undefined
    ? []
    : elementsOf(text, list.start).map(({ start, end }) => text.slice(start, end));
}

/** The notebook with other cells; where there are as many as before, each takes the place of one and all else stays. */
export function withCells(text: string, cells: readonly string[]): string {
  const list = listIn(text);
  if (list === undefined) throw new Error('the notebook has no cells');
  const before = elementsOf(text, list.start);
  if (before.length === cells.length) {
    return applySplices(
      text,
      before.flatMap((span, at) => {
        const next = cells[at]!;
        return text.slice(span.start, span.end) === next ? [] : [{ ...span, text: next }];
      }),
    );
  }
  return applySplices(text, [{ ...list, text: listText(text, list, before, cells) }]);
}

function listText(text: string, list: Span, before: readonly Span[], cells: readonly string[]): string {
  if (cells.length === 0) return '[]';
  const { style, indent } = layoutOf(text);
  const first = before[0];
  const last = before.at(-1);
  const isLines = style.unit !== null;
  const lead =
    first !== undefined ? text.slice(list.start + 1, first.start) : isLines ? style.newline + indent : '';
  const tail =
    last !== undefined
      ? text.slice(last.end, list.end - 1)
      : isLines
        ? style.newline + indentAt(text, list.start)
        : '';
  return `[${lead}${cells.join(`,${lead === '' && !isLines ? ' ' : lead}`)}${tail}]`;
}

const listIn = (text: string): Span | undefined => memberOf(text, rootStart(text), 'cells')?.value;
