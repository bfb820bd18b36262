/** The block's side of a submission: the cells that its notebook has now, and its text with other ones. */
import { align } from '../../engine/flow/align.js';
import type { CellVersion, MergedCell } from '../../engine/flow/merge.js';
import type { RecordedBlock } from '../../protocol/flowRecord.js';
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

/** Cells of a block's notebook under the ids that they have in the flow. @param ids takes note of those of new cells */
export function diskCells(
  notebook: Notebook,
  recorded: RecordedBlock,
  ids: FlowIds,
  digest: Digest,
): readonly DiskCell[] {
  const texts = notebook.cells.map(({ span }) => notebook.text.slice(span.start, span.end));
  const digests = texts.map(text => digestsOf(text, digest));
  const byId = new Map(
    recorded.cells.flatMap(cell => (cell.own === '' ? [] : [[cell.own, cell.id] as const])),
  );
  const withoutIds = recorded.cells.filter(cell => cell.own === '');
  const aligned = align(
    withoutIds.map(({ content }) => content),
    digests.map(({ content }) => content),
  );
  return notebook.cells.map((cell, at) => {
    const place = aligned[at] ?? null;
    const known = cell.hasOwnId ? byId.get(cell.id) : place === null ? undefined : withoutIds[place]?.id;
    const id = known ?? ids.take(cell.hasOwnId ? cell.id : undefined, recorded.uid);
    return {
      version: { id, ...digests[at]! },
      own: cell.hasOwnId ? cell.id : null,
      text: texts[at]!,
    };
  });
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
    const next = hasIds ? freeId(elsewhere?.own ?? id, taken) : null;
    const base = cell.content === 'flow' ? texts.flow.get(id)!.text : elsewhere!.text;
    const fresh = cellInBlock(base, next, layout);
    const outputs = cell.outputs === 'flow' ? texts.flow.get(id)?.text : elsewhere?.text;
    const text =
      cell.outputs === cell.content || outputs === undefined
        ? fresh
        : editedCell(fresh, outputs, { content: false, outputs: true }, layout);
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
