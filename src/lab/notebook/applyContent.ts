/**
 * Brings an open notebook from the content that was sent to the daemon to the one that came back, cell by cell, so that
 * cursor, undo history, scroll position and whatever a person did meanwhile stay.
 */
import { isCodeCellModel, isMarkdownCellModel, type ICellModel } from '@jupyterlab/cells';
import type { IAttachments, IOutput } from '@jupyterlab/nbformat';
import type { INotebookModel } from '@jupyterlab/notebook';
import { JSONExt, type JSONObject } from '@lumino/coreutils';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import { decodeCells, type PlainCell } from './plainCells.js';

type SharedCell = ICellModel['sharedModel'];

export interface Applied {
  /** Cells that a person edited meanwhile, and that came back otherwise: they are as the person has them. */
  readonly collided: ReadonlySet<string>;
  /** Cells that show what the answer says by now. */
  readonly shown: ReadonlySet<string>;
}

export interface Answer {
  readonly content: NotebookContent;
  /** Outputs that come in may do whatever they like, as those of one's own runs. */
  readonly isTrusted: boolean;
}

/** @param isExecuting whether something runs a cell: what that shows must not be mixed with what comes in */
export function applyContent(
  model: INotebookModel,
  sent: NotebookContent,
  { content: next, isTrusted }: Answer,
  isExecuting: (id: string) => boolean = () => false,
): Applied {
  const before = new Map(decodeCells(sent).map(cell => [cell.id, cell]));
  const wanted = decodeCells(next);
  const after = new Map(wanted.map(cell => [cell.id, cell]));
  const collided = new Set<string>();
  const shown = new Set<string>();
  removeCells(model, before, after);
  for (const cell of wanted) {
    const was = before.get(cell.id);
    const here = cellWith(model, cell.id);
    if (was === undefined || here === undefined) continue;
    if (!isExecuting(cell.id) && bringOutputs(here, was, cell, isTrusted)) shown.add(cell.id);
    if (!bringCell(model, here, was, cell, isTrusted)) collided.add(cell.id);
  }
  insertCells(model, before, wanted, isTrusted);
  orderCells(
    model,
    [...before.keys()],
    wanted.map(({ id }) => id),
  );
  return { collided, shown };
}

const idsIn = (model: INotebookModel): readonly string[] => [...model.cells].map(({ id }) => id);
const cellWith = (model: INotebookModel, id: string): ICellModel | undefined =>
  [...model.cells].find(cell => cell.id === id);

/** Not a step that a person's undo takes back: it was not theirs. */
const quietly = (model: INotebookModel, change: () => void): void =>
  model.sharedModel.transact(change, false);

function removeCells(
  model: INotebookModel,
  before: ReadonlyMap<string, PlainCell>,
  after: ReadonlyMap<string, PlainCell>,
): void {
  for (const [id, was] of before) {
    if (after.has(id)) continue;
    const index = idsIn(model).indexOf(id);
    if (index < 0 || model.cells.get(index).sharedModel.getSource() !== was.source) continue;
    quietly(model, () => model.sharedModel.deleteCell(index));
  }
}

/** @returns whether all of it could be done */
function bringCell(
  model: INotebookModel,
  here: ICellModel,
  was: PlainCell,
  next: PlainCell,
  isTrusted: boolean,
): boolean {
  const source = here.sharedModel.getSource();
  const isEdited = source !== was.source || here.type !== was.type;
  if (next.type !== was.type) {
    if (isEdited) return here.type === next.type && source === next.source;
    const index = idsIn(model).indexOf(here.id);
    quietly(model, () => model.sharedModel.deleteCell(index));
    quietly(model, () => model.sharedModel.insertCell(index, sharedCell(next, isTrusted)));
    return true;
  }
  bringMetadata(here.sharedModel, was.metadata, next.metadata);
  const isSameFiles = JSONExt.deepEqual(was.attachments ?? {}, next.attachments ?? {});
  if (isMarkdownCellModel(here) && next.attachments !== undefined && !isSameFiles)
    here.attachments.fromJSON(next.attachments as IAttachments);
  if (next.source === was.source || next.source === source) return true;
  if (isEdited) return false;
  quietly(model, () => replaceSource(here.sharedModel, source, next.source));
  return true;
}

/** Only what differs in the middle, so that cursors before and behind it stay. */
function replaceSource(cell: SharedCell, before: string, after: string): void {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  cell.updateSource(start, before.length - end, after.slice(start, after.length - end));
}

function bringMetadata(cell: SharedCell, was: JSONObject, next: JSONObject): void {
  for (const key of new Set([...Object.keys(was), ...Object.keys(next)])) {
    // What a file says of its own outputs is no reason to trust them.
    if (key === 'trusted') continue;
    const [old, value] = [was[key], next[key]];
    if (JSONExt.deepEqual(old ?? null, value ?? null)) continue;
    if (!JSONExt.deepEqual((cell.getMetadata(key) as JSONObject | undefined) ?? null, old ?? null)) continue;
    if (value === undefined) cell.deleteMetadata(key);
    else cell.setMetadata(key, value);
  }
}

/** What only one side changed in the metadata of the notebook, entry by entry. */
export function bringNotebookMetadata(
  model: INotebookModel,
  sent: NotebookContent,
  next: NotebookContent,
): void {
  const [before, after] = [sent['metadata'] as JSONObject, next['metadata'] as JSONObject];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, value] = [before[key], after[key]];
    if (JSONExt.deepEqual(old ?? null, value ?? null)) continue;
    if (!JSONExt.deepEqual((model.getMetadata(key) as JSONObject | undefined) ?? null, old ?? null)) continue;
    if (value === undefined) model.deleteMetadata(key);
    else model.setMetadata(key, value);
  }
}

/** @returns whether the cell shows what came in */
function bringOutputs(here: ICellModel, was: PlainCell, next: PlainCell, isTrusted: boolean): boolean {
  if (!isCodeCellModel(here) || was.type !== 'code' || next.type !== 'code') return false;
  // What a kernel or a run showed meanwhile is newer.
  if (!JSONExt.deepEqual(here.outputs.toJSON() as unknown as JSONObject[], was.outputs)) return false;
  if (next.executionCount === was.executionCount && JSONExt.deepEqual(was.outputs, next.outputs)) return true;
  // An editor that shows them as trusted would have the server trust them for good with the next save.
  if (!isTrusted && next.outputs.length > 0) distrust(here);
  here.outputs.fromJSON(next.outputs as unknown as IOutput[]);
  if (isTrusted || next.outputs.length === 0) here.trusted = true;
  here.executionCount = next.executionCount;
  return true;
}

/** What is shown and comes in is made harmless. */
export function distrust(cell: ICellModel): void {
  cell.trusted = false;
  cell.sharedModel.deleteMetadata('trusted');
}

function insertCells(
  model: INotebookModel,
  before: ReadonlyMap<string, PlainCell>,
  wanted: readonly PlainCell[],
  isTrusted: boolean,
): void {
  wanted.forEach((cell, at) => {
    const ids = idsIn(model);
    if (before.has(cell.id) || ids.includes(cell.id)) return;
    const above = wanted
      .slice(0, at)
      .filter(({ id }) => ids.includes(id))
      .at(-1);
    const index = above === undefined ? 0 : ids.indexOf(above.id) + 1;
    quietly(model, () => model.sharedModel.insertCell(index, sharedCell(cell, isTrusted)));
  });
}

/** Cells that were in another order on the other side; every other one stays where it is, and keeps its editor. */
function orderCells(model: INotebookModel, before: readonly string[], wanted: readonly string[]): void {
  const known = new Set(before);
  const kept = new Set(wanted);
  const sequence = (ids: readonly string[]): readonly string[] =>
    ids.filter(id => known.has(id) && kept.has(id));
  if (sequence(before).join('\n') === sequence(wanted).join('\n')) return;
  wanted.forEach((id, at) => {
    const ids = idsIn(model);
    const from = ids.indexOf(id);
    const above = wanted
      .slice(0, at)
      .filter(other => ids.includes(other))
      .at(-1);
    if (from < 0) return;
    const behind = above === undefined ? -1 : ids.indexOf(above);
    const isThere = from > behind && ids.slice(behind + 1, from).every(other => !kept.has(other));
    if (isThere) return;
    quietly(model, () => model.sharedModel.moveCell(from, from < behind ? behind : behind + 1));
  });
}

const sharedCell = (
  cell: PlainCell,
  isTrusted: boolean,
): Parameters<INotebookModel['sharedModel']['insertCell']>[1] => ({
  id: cell.id,
  cell_type: cell.type,
  source: cell.source,
  metadata: withTrust(cell, isTrusted),
  ...(cell.type === 'code'
    ? { outputs: cell.outputs as unknown as IOutput[], execution_count: cell.executionCount }
    : cell.attachments === undefined
      ? {}
      : { attachments: cell.attachments as IAttachments }),
});

function withTrust({ type, metadata, outputs }: PlainCell, isTrusted: boolean): JSONObject {
  const { trusted: _, ...rest } = metadata;
  return type === 'code' && (isTrusted || outputs.length === 0) ? { ...rest, trusted: true } : rest;
}
