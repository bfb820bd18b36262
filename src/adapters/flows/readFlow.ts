/** A flow notebook as it is now: its record, its cells, and which block each belongs to. */
import { align } from '../../engine/flow/align.js';
import type { BlockWords } from '../../engine/flow/headerMerge.js';
import { parseHeader } from '../../protocol/flow/headers.js';
import {
  sectionsOf,
  type FlowSection,
  type PlacedCell,
  type SectionFault,
} from '../../protocol/flow/sections.js';
import { DecodeError } from '../../protocol/decode.js';
import {
  decodeFlowRecord,
  FLOW_VERSION,
  type FlowRecord,
  type RecordedBlock,
  type RecordedCell,
} from '../../protocol/flow/record.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import type { Notebook } from '../notebooks/index.js';
import { isObject } from '../notebooks/outputs.js';
import { digestsOf, FlowIds, type Digest } from './compose.js';

export interface FlowCell {
  readonly id: string;
  /** Among all cells, from 1. */
  readonly place: number;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly text: string;
  /** It came as the other version in a conflict. */
  readonly isLeftOver: boolean;
  /** It shows what a run that is not over has brought so far, which the block itself does not show yet. */
  readonly isLive: boolean;
}

export interface Flow {
  readonly notebook: Notebook;
  readonly record: FlowRecord;
  /** Cells of the record by id. */
  readonly recorded: ReadonlyMap<string, RecordedCell>;
  readonly sections: readonly FlowSection[];
  /** Ids of cells that belong to no block and are in the flow alone. */
  readonly outside: ReadonlySet<string>;
  /** All cells but headers, by id. */
  readonly cells: ReadonlyMap<string, FlowCell>;
  /** Header cells by id. */
  readonly headers: ReadonlyMap<string, FlowCell>;
  /** Ids of all cells, in their order. */
  readonly order: readonly string[];
}

/** What a notebook remembers of the blocks it was made from; `null`: it is no flow. */
export function flowRecordOf(notebook: Notebook): Result<FlowRecord | null> {
  const { dagpy } = notebook.metadata;
  if (!isObject(dagpy) || dagpy['flow'] === undefined) return success(null);
  try {
    return success(decodeFlowRecord(dagpy['flow'], 'metadata.dagpy.flow'));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return failure({
      code: 'flow-record',
      message: `what the flow remembers of its blocks is not understood: ${error.message}`,
      file: notebook.file,
      remedy: 'make the flow anew with "dagpy flow" and copy your cells over, or upgrade jupyterlab-dagpy',
    });
  }
}

/** The project that a notebook becomes a flow of, or comes back to. */
export interface FlowHome {
  /** Name of the project. */
  readonly name: string;
  readonly blocks: readonly ({ readonly uid: string; readonly notebook: Notebook } & BlockWords)[];
}

/**
 * @param home where it is given, a notebook that was no flow is one as soon as it has a header, and a block of the project
 *   whose header came back, by an undo or from another flow, is one of the flow's again
 */
export function readFlow(notebook: Notebook, digest: Digest, home?: FlowHome): Result<Flow> {
  const read = flowRecordOf(notebook);
  if (!read.ok) return read;
  const remembered = read.value ?? (home === undefined ? null : begun(notebook, home));
  if (remembered === null) {
    return failure({
      code: 'not-a-flow',
      message: `${notebook.file} was not made by "dagpy flow"`,
      file: notebook.file,
      remedy:
        'name a flow notebook; to make blocks of an ordinary notebook use "dagpy split" or "dagpy add --from"',
    });
  }
  const texts = notebook.cells.map(({ span }) => notebook.text.slice(span.start, span.end));
  const marks = withMade(notebook, texts.map(marksOf), remembered, home);
  const record = { ...remembered, blocks: [...remembered.blocks, ...returned(remembered, marks, home)] };
  const unresolved = unresolvedConflicts(notebook, record, marks);
  if (unresolved.length > 0) return failure(...unresolved);
  const order = idsOf(notebook, record, texts, marks, digest);
  const origins = new Map(
    record.blocks.flatMap(({ uid, cells }) => cells.map(({ id }) => [id, uid] as const)),
  );
  const cells = new Map<string, FlowCell>();
  const headers = new Map<string, FlowCell>();
  const placed = notebook.cells.map(({ place, type, source }, at): PlacedCell => {
    const id = order[at]!;
    const mark = marks[at]!;
    const header = type === 'markdown' && mark.isProse !== true ? parseHeader(source) : undefined;
    (header === undefined ? cells : headers).set(id, {
      id,
      place,
      type,
      source,
      text: texts[at]!,
      isLeftOver: mark.conflict !== undefined,
      isLive: mark.isLive === true,
    });
    const origin = header === undefined ? (origins.get(id) ?? mark.block) : mark.header;
    return {
      id,
      place,
      ...(header === undefined ? {} : { header }),
      ...(origin === undefined ? {} : { origin }),
      ...(mark.isOutside === true ? { isOutside: true } : {}),
    };
  });
  const { sections, outside, faults } = sectionsOf(placed, record.blocks);
  const problems = faults.map(fault => faultProblem(fault, notebook.file));
  problems.push(...lostHeaders(notebook, record, marks, sections, headers, order));
  if (problems.length > 0) return failure(...problems);
  const recorded = new Map(record.blocks.flatMap(block => block.cells.map(cell => [cell.id, cell] as const)));
  return success({
    notebook,
    record,
    recorded,
    sections,
    outside: new Set(outside),
    cells,
    headers,
    order,
  });
}

/** `null`: nothing in the notebook reads like the header of a block. */
function begun(notebook: Notebook, { name }: FlowHome): FlowRecord | null {
  const hasHeader = notebook.cells.some(
    ({ type, source }) => type === 'markdown' && parseHeader(source) !== undefined,
  );
  return hasHeader ? { version: FLOW_VERSION, project: name, target: '', blocks: [] } : null;
}

/**
 * A save that was cut off made a block of the flow, and the flow was not told: a new header with its name, above the very
 * cells that it has, is its header.
 */
function withMade(
  { cells }: Notebook,
  marks: readonly Marks[],
  { blocks }: FlowRecord,
  home: FlowHome | undefined,
): readonly Marks[] {
  const taken = new Set([...blocks.map(({ uid }) => uid), ...marks.flatMap(({ header }) => header ?? [])]);
  const headers = cells.map(({ type, source }, at) =>
    type === 'markdown' && marks[at]?.isProse !== true ? parseHeader(source) : undefined,
  );
  const wordsIn = (some: Notebook['cells']): string =>
    JSON.stringify(some.map(({ type, source }) => [type, source]));
  return marks.map((mark, at) => {
    const made = home?.blocks.find(({ name, uid }) => name === headers[at]?.name && !taken.has(uid));
    if (made === undefined || mark.header !== undefined) return mark;
    const next = headers.findIndex((header, place) => place > at && header !== undefined);
    const own = cells
      .slice(at + 1, next < 0 ? undefined : next)
      .filter(({ place }) => marks[place - 1]?.isOutside !== true);
    return wordsIn(own) === wordsIn(made.notebook.cells) ? { ...mark, header: made.uid } : mark;
  });
}

/** Nothing is known of what their cells were made from, so whatever both sides have differently is a conflict. */
function returned(
  record: FlowRecord,
  marks: readonly Marks[],
  home: FlowHome | undefined,
): readonly RecordedBlock[] {
  const headed = new Set(marks.flatMap(({ header }) => header ?? []));
  const known = new Set(record.blocks.map(({ uid }) => uid));
  return (home?.blocks ?? []).flatMap(({ uid, name, parents, filter }) =>
    headed.has(uid) && !known.has(uid) ? [{ uid, name, parents, filter, cells: [] }] : [],
  );
}

/** Ids of cells as the record knows them, each once. */
function idsOf(
  notebook: Notebook,
  record: FlowRecord,
  texts: readonly string[],
  marks: readonly Marks[],
  digest: Digest,
): readonly string[] {
  const ids = new Array<string | undefined>(texts.length);
  const taken = new Set<string>();
  const give = (at: number, id: string): void => {
    ids[at] = id;
    taken.add(id);
  };
  notebook.cells.forEach((cell, at) => {
    if (cell.hasOwnId && marks[at]?.conflict === undefined) give(at, cell.id);
  });
  // What is left of a conflict stands for the cell that it was about; of several pieces, the first.
  notebook.cells.forEach((cell, at) => {
    const about = marks[at]?.conflict;
    if (about === undefined) return;
    if (!taken.has(about)) give(at, about);
    else if (cell.hasOwnId && !taken.has(cell.id)) give(at, cell.id);
  });
  // Editors of old formats drop ids; those cells still say which block they came from.
  for (const { uid, cells } of record.blocks) {
    const lost = cells.filter(({ id }) => !taken.has(id));
    const open = notebook.cells.flatMap((_, at) =>
      ids[at] === undefined && marks[at]?.block === uid ? [at] : [],
    );
    const pairs = align(
      lost.map(({ content }) => content),
      open.map(at => digestsOf(texts[at]!, digest).content),
    );
    open.forEach((at, place) => {
      const found = lost[pairs[place] ?? -1];
      if (found !== undefined) give(at, found.id);
    });
  }
  const fresh = new FlowIds();
  fresh.reserve(taken);
  fresh.reserve(record.blocks.flatMap(({ cells }) => cells.map(({ id }) => id)));
  return texts.map((_, at) => ids[at] ?? fresh.take(undefined, 'cell'));
}

function faultProblem(fault: SectionFault, file: string): Problem {
  switch (fault.kind) {
    case 'doubled-block':
      return {
        code: 'flow-doubled-block',
        message: `cells ${String(fault.places[0])} and ${String(fault.places[1])} are both headers of a block ${fault.name}`,
        file,
        cell: fault.places[1],
        remedy: 'give one of them another name, or delete it',
      };
    case 'no-block':
      return {
        code: 'flow-no-header',
        message: 'the flow has no header cell, so this cell belongs to no block',
        file,
        cell: fault.place,
        remedy: 'put a markdown cell "## Block: NAME" above the cells of each block',
      };
  }
}

/** Cells that were headers and do not read like one any more: written into a block they would be odd prose. */
function lostHeaders(
  notebook: Notebook,
  record: FlowRecord,
  marks: readonly Marks[],
  sections: readonly FlowSection[],
  headers: ReadonlyMap<string, FlowCell>,
  order: readonly string[],
): readonly Problem[] {
  return notebook.cells.flatMap((cell, at): readonly Problem[] => {
    const uid = marks[at]?.header;
    const block = record.blocks.find(recorded => recorded.uid === uid);
    const hasOther = sections.some(section => section.uid === uid && section.header !== null);
    if (block === undefined || headers.has(order[at]!) || hasOther) return [];
    return [
      {
        code: 'flow-lost-header',
        message: `this cell was the header of ${block.name}, and does not begin with "## Block: NAME" any more`,
        file: notebook.file,
        cell: cell.place,
        remedy: `make it a markdown cell that begins with "## Block: ${block.name}", or delete it`,
      },
    ];
  });
}

interface Marks {
  readonly block?: string;
  readonly header?: string;
  readonly conflict?: string;
  /** It reads like a header and is none. */
  readonly isProse?: boolean;
  readonly isOutside?: boolean;
  readonly isLive?: boolean;
}

/** What DAGpy noted in a cell's metadata. */
export function marksOf(text: string): Marks {
  const { metadata } = JSON.parse(text) as { readonly metadata?: unknown };
  const ours = isObject(metadata) ? metadata['dagpy'] : undefined;
  if (!isObject(ours)) return {};
  const texts = ['block', 'header', 'conflict'].flatMap(key => {
    const value = ours[key];
    return typeof value === 'string' ? [[key, value] as const] : [];
  });
  return {
    ...Object.fromEntries(texts),
    ...(ours['header'] === false ? { isProse: true } : {}),
    ...(ours['outside'] === true ? { isOutside: true } : {}),
    ...(ours['live'] === true ? { isLive: true } : {}),
  };
}

export const CONFLICT_CODE = 'flow-conflict';

/** Both versions of a cell are still there. */
function unresolvedConflicts(
  notebook: Notebook,
  record: FlowRecord,
  marks: readonly Marks[],
): readonly Problem[] {
  const places = new Map(
    notebook.cells.flatMap(({ id, place }, at) =>
      marks[at]?.conflict === undefined ? [[id, place] as const] : [],
    ),
  );
  return notebook.cells.flatMap((cell, at): readonly Problem[] => {
    const about = marks[at]?.conflict;
    const other = about === undefined ? undefined : places.get(about);
    if (other === undefined) return [];
    const block = record.blocks.find(({ cells }) => cells.some(({ id }) => id === about))?.name;
    return [
      {
        code: CONFLICT_CODE,
        message: `cells ${String(other)} and ${String(cell.place)} are two versions of one cell: yours, and the one that the block has by now`,
        file: notebook.file,
        ...(block === undefined ? {} : { block }),
        cell: other,
        remedy: 'bring what you want into one of them, delete the other, and submit again',
      },
    ];
  });
}
