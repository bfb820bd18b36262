/** A block's own notebook that is open in an editor while its file changed: three versions of it brought together. */
import { isDeepStrictEqual } from 'node:util';
import { mergeFlow, type MergedCell, type Section } from '../../engine/flow/merge.js';
import { recordedContents, type FlowRecord, type RecordedBlock } from '../../protocol/flow/record.js';
import { formatJson, type JsonStyle } from '../../protocol/jsonFormat.js';
import type { JsonObject } from '../../protocol/outputs.js';
import type { Notebook } from '../notebooks/index.js';
import { diskCells, type DiskCell } from './blockTexts.js';
import { cellTexts, layoutOf } from './cellList.js';
import { conflictingCell, editedCell, marksIn, withCellId, withMarks, type Marks } from './cellText.js';
import { digestsOf, FlowIds, type Digest } from './compose.js';
import { mergedRecord } from './mergedRecord.js';
import { flowRecordOf, marksOf } from './readFlow.js';

export interface OpenNotebook {
  /** As it was loaded or saved last. */
  readonly base: Notebook;
  /** As the editor has it. */
  readonly mine: Notebook;
  readonly disk: Notebook;
}

export interface MergedNotebook {
  readonly content: JsonObject;
  /** The version on disk, with the ids that its cells have in the editor. */
  readonly base: JsonObject;
  /** Places of cells in `content`, from 1, that stand above the other version of themselves. */
  readonly conflicts: readonly number[];
}

const BLOCK = 'block';
const MINOR_WITH_IDS = 5;

/** Cells are taken as in the merge of a flow; of outputs that both sides have anew, those on disk are the newer ones. */
export function mergeNotebook({ base, mine, disk }: OpenNotebook, digest: Digest): MergedNotebook {
  const before = cellsOf(base, digest);
  const edited = cellsOf(mine, digest);
  const ids = new FlowIds();
  ids.reserve([...before.keys(), ...edited.keys()]);
  const recorded: RecordedBlock = {
    uid: BLOCK,
    name: BLOCK,
    parents: [],
    filter: [],
    cells: [...before].map(([id, { content, outputs }]) => ({
      id,
      own: disk.minor >= MINOR_WITH_IDS ? id : '',
      content,
      outputs,
      shown: '',
    })),
  };
  const contents = new Map([...edited].map(([id, { content }]) => [id, content]));
  const current = diskCells(disk, recorded, { contents, left: new Set() }, ids, digest);
  const onDisk = { block: BLOCK, cells: current.map(({ version }) => version) };
  const records = { base: recordIn(base), mine: recordIn(mine), disk: recordIn(disk) };
  const origins = originsOf(before, edited, onDisk, {
    base: recordedContents(records.base),
    mine: recordedContents(records.mine),
    disk: recordedContents(records.disk),
  });
  const merge = mergeFlow([sectionOf(origins)], [sectionOf(edited)], [onDisk]);
  const found = new Map(current.map(cell => [cell.version.id, cell]));
  const chosen = (merge.sections[0]?.cells ?? []).map(cell =>
    isOfRun(edited.get(cell.id), found.get(cell.id)) ? { ...cell, outputs: 'flow' as const } : cell,
  );
  const disputed = new Set(merge.conflicts.map(({ id }) => id));
  const conflicts: number[] = [];
  const cells: string[] = [];
  const layout = layoutOf(mine.text);
  for (const cell of chosen) {
    const theirs = found.get(cell.id);
    cells.push(textOf(cell, before.get(cell.id), edited.get(cell.id), theirs, mine));
    if (!disputed.has(cell.id) || theirs === undefined) continue;
    conflicts.push(cells.length);
    const copy = ids.take(`${cell.id.slice(0, 50)}-now`, BLOCK);
    // Of a version that is itself one of two: all stand for the one cell, so that they are chosen from in any order.
    const about = marksOf(edited.get(cell.id)?.text ?? theirs.text).conflict ?? cell.id;
    cells.push(conflictingCell(theirs.text, copy, about, layout));
  }
  const sides = new Map(chosen.map(cell => [cell.id, cell]));
  const record = mergedRecord(records, id => (disputed.has(id) ? undefined : sides.get(id)));
  return {
    content: notebookOf(mine, cells, withRecord(mergedMetadata(base, mine, disk), record)),
    base: notebookOf(
      disk,
      current.map(({ version, text }) => withCellId(text, version.id, layout)),
      disk.metadata,
    ),
    conflicts,
  };
}

/** Of a flow; other notebooks have none. */
function recordIn(notebook: Notebook): FlowRecord | null {
  const record = flowRecordOf(notebook);
  return record.ok ? record.value : null;
}

function withRecord(
  metadata: Readonly<Record<string, unknown>>,
  record: FlowRecord | null,
): Readonly<Record<string, unknown>> {
  return record === null
    ? metadata
    : { ...metadata, dagpy: { ...(metadata['dagpy'] as JsonObject), flow: record } };
}

/**
 * What the versions of each cell came from. Two pages of a flow bring in what its blocks are by now, each at a time of its
 * own, which is no edit of anybody: a cell that is as its block was is what the other one came from.
 */
function originsOf(
  before: ReadonlyMap<string, OwnCell>,
  edited: ReadonlyMap<string, OwnCell>,
  disk: Section,
  blocks: Readonly<Record<'base' | 'mine' | 'disk', ReadonlyMap<string, string>>>,
): ReadonlyMap<string, OwnCell> {
  const theirs = new Map(disk.cells.map(({ id, content }) => [id, content]));
  const originOf = (id: string, base: string): string => {
    const [own, other] = [edited.get(id)?.content, theirs.get(id)];
    if (own === undefined || other === undefined || own === base || other === base) return base;
    const from = blocks.mine.get(id);
    if (other === from) return other;
    // Where it came in since: otherwise a person has put back what was there before.
    const cameIn = own === from && from !== blocks.base.get(id);
    return cameIn || own === blocks.disk.get(id) ? own : base;
  };
  return new Map([...before].map(([id, cell]) => [id, { ...cell, content: originOf(id, cell.content) }]));
}

interface OwnCell {
  readonly text: string;
  readonly content: string;
  readonly outputs: string;
}

function cellsOf(notebook: Notebook, digest: Digest): ReadonlyMap<string, OwnCell> {
  const texts = cellTexts(notebook.text);
  return new Map(
    notebook.cells.map(({ id }, at) => {
      const text = texts[at]!;
      return [id, { text, ...digestsOf(text, digest) }];
    }),
  );
}

const sectionOf = (cells: ReadonlyMap<string, OwnCell>): Section => ({
  block: BLOCK,
  cells: [...cells].map(([id, { content, outputs }]) => ({ id, content, outputs })),
});

/**
 * Whether one side shows a run that is not over, of which nothing follows for the other: an editor keeps what it shows, and
 * learns the end of the run from the run.
 */
const isOfRun = (mine: OwnCell | undefined, theirs: DiskCell | undefined): boolean =>
  mine !== undefined &&
  theirs !== undefined &&
  (marksOf(mine.text).isLive === true || marksOf(theirs.text).isLive === true);

/** Where both sides mean the same the editor keeps what it has. */
function textOf(
  { id, content, outputs }: MergedCell,
  before: OwnCell | undefined,
  mine: OwnCell | undefined,
  theirs: DiskCell | undefined,
  notebook: Notebook,
): string {
  const layout = layoutOf(notebook.text);
  if (theirs === undefined) return mine!.text;
  const disk = withCellId(theirs.text, id, layout);
  if (mine === undefined) return disk;
  const take = {
    content: content === 'flow' || mine.content === theirs.version.content,
    outputs: outputs === 'flow' || mine.outputs === theirs.version.outputs,
  };
  const text = take.content && take.outputs ? mine.text : editedCell(disk, mine.text, take, layout);
  const marks = mergedMarks(
    before === undefined ? {} : marksIn(before.text),
    marksIn(mine.text),
    marksIn(disk),
    take.outputs,
  );
  return isDeepStrictEqual(marks, marksIn(text)) ? text : withMarks(text, marks, layout);
}

/** What only the disk has otherwise than before is the disk's; but of whom outputs are says the side that they are from. */
function mergedMarks(before: Marks, mine: Marks, disk: Marks, showsMine: boolean): Marks {
  const sides = Object.keys({ ...disk, ...mine }).map(key => {
    const isEdited = !isDeepStrictEqual(mine[key], before[key]);
    return [key, (key === 'live' ? showsMine : isEdited) ? mine[key] : disk[key]] as const;
  });
  return Object.fromEntries(sides.filter(([, value]) => value !== undefined));
}

/** Entry by entry: what only one side changed is taken from it, and of what both changed the editor's. */
function mergedMetadata(base: Notebook, mine: Notebook, disk: Notebook): Readonly<Record<string, unknown>> {
  const keys = new Set([...Object.keys(mine.metadata), ...Object.keys(disk.metadata)]);
  const entries = [...keys].flatMap(key => {
    const isEdited = !isSame(mine.metadata[key], base.metadata[key]);
    // Ours: the identity of the block, which no editor changes.
    const value = isEdited && key !== 'dagpy' ? mine.metadata[key] : disk.metadata[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

const LINE: JsonStyle = { newline: '\n', unit: null };
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (a !== undefined && b !== undefined && formatJson(a, LINE) === formatJson(b, LINE));

function notebookOf(
  { format, minor }: Notebook,
  cells: readonly string[],
  metadata: Readonly<Record<string, unknown>>,
): JsonObject {
  return JSON.parse(
    JSON.stringify({
      cells: cells.map(text => JSON.parse(text) as unknown),
      metadata,
      nbformat: format,
      nbformat_minor: Math.max(minor, MINOR_WITH_IDS),
    }),
  ) as JsonObject;
}
