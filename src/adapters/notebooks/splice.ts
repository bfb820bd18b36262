/** Changing a notebook's text in place: outputs, counts and metadata; every other byte stays. */
import { formatJson } from '../../protocol/jsonFormat.js';
import {
  applySplices,
  indentAt,
  insertMember,
  membersOf,
  removeMember,
  setValue,
  styleOf,
  valueAt,
  type Member,
  type Splice,
} from '../../protocol/jsonText.js';
import type { CellOutput, JsonObject } from '../../protocol/outputs.js';
import { outputForFile, WIDGET_STATE } from './outputs.js';
import { cellSpans } from './read.js';

export interface OutputUpdate {
  /** Among all cells, from 0; a code cell. */
  readonly cell: number;
  readonly outputs: readonly CellOutput[];
  readonly executionCount: number | null;
}

/**
 * Puts outputs into code cells.
 * @param widgets state to keep in the notebook's metadata; `null` removes it, `undefined` leaves it as it is
 * @returns the new text; the same string where nothing changes
 */
export function spliceOutputs(
  text: string,
  updates: readonly OutputUpdate[],
  widgets?: JsonObject | null,
): string {
  const cells = cellSpans(text);
  const style = styleOf(text);
  const splices: Splice[] = [];
  for (const update of updates) {
    const cell = cells[update.cell];
    if (cell === undefined) throw new Error(`the notebook has no cell ${update.cell + 1}`);
    const members = membersOf(text, cell.start);
    const last = (key: string) => members.filter(member => member.key === key).at(-1);
    const put = (key: string, value: unknown) => {
      const member = last(key);
      if (member)
        splices.push({ ...member.value, text: formatJson(value, style, indentAt(text, member.start)) });
      return member !== undefined;
    };
    const outputs = update.outputs.map(outputForFile);
    const missing: [string, unknown][] = [];
    if (!put('execution_count', update.executionCount))
      missing.push(['execution_count', update.executionCount]);
    if (!put('outputs', outputs)) missing.push(['outputs', outputs]);
    splices.push(...addMissing(text, cell, members, missing));
  }
  const spliced = applySplices(
    text,
    splices.filter(splice => changes(text, splice)),
  );
  return widgets === undefined ? spliced : setWidgets(spliced, widgets);
}

/** A value that already says the same keeps its own bytes. */
function changes(text: string, splice: Splice): boolean {
  const before = text.slice(splice.start, splice.end);
  if (before === splice.text) return false;
  if (before === '' || splice.start === splice.end) return true;
  try {
    const style = { newline: '\n', unit: null };
    return formatJson(JSON.parse(before), style) !== formatJson(JSON.parse(splice.text), style);
  } catch {
    return true;
  }
}

/** Cells of hand-written notebooks may lack what the format asks for. */
function addMissing(
  text: string,
  cell: { readonly start: number; readonly end: number },
  members: readonly Member[],
  missing: readonly (readonly [string, unknown])[],
): Splice[] {
  const style = styleOf(text);
  const splices = missing.map(([key, value]) =>
    insertMember(text, cell, { key, value: indent => formatJson(value, style, indent) }, { sorted: true }),
  );
  const [first, second] = splices;
  // Two insertions at one place become one, so that they do not overlap.
  if (first && second && first.start === second.start && members.length > 0) {
    return [{ ...first, text: first.text + second.text }];
  }
  return splices;
}

/** Sets a value below the notebook's metadata, such as `['dagpy', 'uid']`. */
export function setMetadata(text: string, path: readonly string[], value: unknown): string {
  return setValue(text, ['metadata', ...path], value);
}

function setWidgets(text: string, widgets: JsonObject | null): string {
  if (widgets !== null) return setMetadata(text, ['widgets', WIDGET_STATE], widgets);
  const group = valueAt(text, ['metadata', 'widgets']);
  const metadata = valueAt(text, ['metadata']);
  if (!group || !metadata || !membersOf(text, group.start).some(member => member.key === WIDGET_STATE))
    return text;
  const isOnly = membersOf(text, group.start).length === 1;
  const splice = isOnly ? removeMember(text, metadata, 'widgets') : removeMember(text, group, WIDGET_STATE);
  return splice ? applySplices(text, [splice]) : text;
}
