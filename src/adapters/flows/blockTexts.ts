/** The block's side of a submission: the cells that its notebook has now, and its text with other ones. */
import { align } from '../../engine/flow/align.js';
import type { CellVersion, MergedCell } from '../../engine/flow/merge.js';
import type { RecordedBlock } from '../../protocol/flow/record.js';
import type { Notebook } from '../notebooks/index.js';
import { layoutOf, withCells } from './cellList.js';
import { cellInBlock, editedCell, type CellLayout } from './cellText.js';
import { digestsOf, type Digest, type FlowIds } from './compose.js';

/** The first minor version of nbformat 4 with cell ids. */
const MINOR_WITH_IDS = 5;

export interface DiskCell {
  readonly version: CellVersion;
  /** In the block's own notebook; `null`: its format has none. */
  readonly own: string | null;
  readonly text: string;
}

/** What a flow has in the section of a block. */
export interface SectionCells {
  /** With digests of what they hold. */
  readonly contents: ReadonlyMap<string, string>;
  /** Recorded cells that were written into another block already: a submission was cut off. */
  readonly left: ReadonlySet<string>;
}

/**
 * Cells of a block's notebook under the ids that they have in the flow. Where ids were lost or made anew, by content.
 * @param ids takes note of those of new cells
 */
export function diskCells(
  notebook: Notebook,
  recorded: RecordedBlock,
  here: SectionCells,
  ids: FlowIds,
  digest: Digest,
): readonly DiskCell[] {
  const texts = notebook.cells.map(({ span }) => notebook.text.slice(span.start, span.end));
  const digests = texts.map(text => digestsOf(text, digest));
  const known = knownIds(notebook, recorded, here, digests);
  const contents = new Map(recorded.cells.map(({ id, content }) => [id, content]));
  return notebook.cells.flatMap((cell, at): readonly DiskCell[] => {
    let id = known[at];
    if (id !== undefined && here.left.has(id)) {
      if (contents.get(id) === digests[at]!.content) return [];
      id = undefined;
    }
    const own = cell.hasOwnId ? cell.id : null;
    id ??= ids.take(own ?? undefined, recorded.uid);
    return [{ version: { id, ...digests[at]! }, own, text: texts[at]! }];
  });
}

function knownIds(
  notebook: Notebook,
  recorded: RecordedBlock,
  { contents }: SectionCells,
  digests: readonly { readonly content: string }[],
): readonly (string | undefined)[] {
  const { cells } = notebook;
  const byOwn = new Map(
    recorded.cells.flatMap(cell => (cell.own === '' ? [] : [[cell.own, cell.id] as const])),
  );
  const ids = cells.map(cell => (cell.hasOwnId ? byOwn.get(cell.id) : undefined));
  const found = new Set(ids);
  const isNew = new Map([...contents].filter(([id]) => !recorded.cells.some(cell => cell.id === id)));
  cells.forEach((cell, at) => {
    // Already submitted, though the flow does not say so: that was cut off.
    if (ids[at] !== undefined || !cell.hasOwnId || !isNew.has(cell.id) || found.has(cell.id)) return;
    ids[at] = cell.id;
    found.add(cell.id);
  });
  const lost = recorded.cells.filter(({ id }) => !found.has(id));
  const open = cells.flatMap((_, at) => (ids[at] === undefined ? [at] : []));
  const pairs = align(
    lost.map(({ content }) => content),
    open.map(at => digests[at]!.content),
  );
  open.forEach((at, place) => {
    const cell = lost[pairs[place] ?? -1];
    if (cell !== undefined && (cell.own === '' || cell.content === digests[at]!.content)) ids[at] = cell.id;
  });
  const fresh = [...isNew].filter(([id]) => !found.has(id));
  cells.forEach((cell, at) => {
    if (ids[at] !== undefined || cell.hasOwnId) return;
    const place = fresh.findIndex(([, content]) => content === digests[at]!.content);
    if (place >= 0) ids[at] = fresh.splice(place, 1)[0]![0];
  });
  return ids;
}

/** Where the texts of both sides are found, by ids of the flow. */
export interface Texts {
  readonly flow: ReadonlyMap<string, { readonly text: string }>;
  /** Of all blocks: cells move between them. */
  readonly disk: ReadonlyMap<string, DiskCell>;
}

export interface WrittenCell {
  /** In the flow. */
  readonly id: string;
  /** In the block. */
  readonly own: string | null;
  readonly text: string;
}

/** A block's cells after a merge, as they stand in its notebook. */
export function mergedCells(
  cells: readonly MergedCell[],
  before: readonly DiskCell[],
  hasIds: boolean,
  texts: Texts,
  layout: CellLayout,
): readonly WrittenCell[] {
  const here = new Map(before.map(cell => [cell.version.id, cell]));
  const staying = cells.flatMap(({ id }) => here.get(id)?.own ?? []);
  const taken = new Set(staying);
  return cells.map(cell => {
    const { id } = cell;
    const own = here.get(id);
    if (own !== undefined) return { id, own: own.own, text: mergedText(cell, own.text, texts, layout) };
    const elsewhere = texts.disk.get(id);
    // The flow's id, so that the cell is known again after a submission that was cut off.
    const next = hasIds ? freeId(id, taken) : null;
    const base = cellInBlock((elsewhere ?? texts.flow.get(id)!).text, next, layout);
    const text = elsewhere === undefined ? base : mergedText(cell, base, texts, layout);
    return { id, own: next, text };
  });
}

function mergedText(cell: MergedCell, own: string, texts: Texts, layout: CellLayout): string {
  const take = { content: cell.content === 'flow', outputs: cell.outputs === 'flow' };
  if (!take.content && !take.outputs) return own;
  return editedCell(own, texts.flow.get(cell.id)!.text, take, layout);
}

function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number += 1) id = `${wanted.slice(0, 56)}-${String(number)}`;
  taken.add(id);
  return id;
}

/** The notebook with the merged cells; the same text where nothing changes. */
export function blockText(
  notebook: Notebook,
  cells: readonly MergedCell[],
  before: readonly DiskCell[],
  texts: Texts,
): { readonly text: string; readonly cells: readonly WrittenCell[] } {
  const hasIds = notebook.minor >= MINOR_WITH_IDS;
  const written = mergedCells(cells, before, hasIds, texts, layoutOf(notebook.text));
  return {
    text: withCells(
      notebook.text,
      written.map(({ text }) => text),
    ),
    cells: written,
  };
}
