/** A flow notebook as it is now: its record, its cells, and which block each belongs to. */
import { parseHeader } from '../../engine/flow/headers.js';
import { sectionsOf, type FlowSection, type PlacedCell } from '../../engine/flow/sections.js';
import { DecodeError } from '../../protocol/decode.js';
import { decodeFlowRecord, type FlowRecord } from '../../protocol/flowRecord.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import type { Notebook } from '../notebooks/index.js';
import { isObject } from '../notebooks/outputs.js';

export interface FlowCell {
  readonly id: string;
  /** Among all cells, from 1. */
  readonly place: number;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly text: string;
}

export interface Flow {
  readonly notebook: Notebook;
  readonly record: FlowRecord;
  readonly sections: readonly FlowSection[];
  /** All cells but headers, by id. */
  readonly cells: ReadonlyMap<string, FlowCell>;
  /** Header cells by id. */
  readonly headers: ReadonlyMap<string, FlowCell>;
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

export function readFlow(notebook: Notebook): Result<Flow> {
  const read = flowRecordOf(notebook);
  if (!read.ok) return read;
  const record = read.value;
  if (record === null) {
    return failure({
      code: 'not-a-flow',
      message: `${notebook.file} was not made by "dagpy flow"`,
      file: notebook.file,
      remedy:
        'name a flow notebook; to make blocks of an ordinary notebook use "dagpy split" or "dagpy add --from"',
    });
  }
  const marks = notebook.cells.map(cell => marksOf(notebook.text.slice(cell.span.start, cell.span.end)));
  const unresolved = unresolvedConflicts(notebook, marks);
  if (unresolved.length > 0) return failure(...unresolved);
  const origins = new Map(
    record.blocks.flatMap(({ uid, cells }) => cells.map(({ id }) => [id, uid] as const)),
  );
  const cells = new Map<string, FlowCell>();
  const headers = new Map<string, FlowCell>();
  const placed = notebook.cells.map((cell, at): PlacedCell => {
    // What is left of a conflict stands for the cell that it was about.
    const id = marks[at]?.conflict ?? cell.id;
    const own: FlowCell = {
      id,
      place: cell.place,
      type: cell.type,
      source: cell.source,
      text: notebook.text.slice(cell.span.start, cell.span.end),
    };
    const header = cell.type === 'markdown' ? parseHeader(cell.source) : undefined;
    (header === undefined ? cells : headers).set(id, own);
    const origin = header === undefined ? (origins.get(id) ?? marks[at]?.block) : marks[at]?.header;
    return {
      id,
      place: cell.place,
      ...(header === undefined ? {} : { header }),
      ...(origin === undefined ? {} : { origin }),
    };
  });
  const { sections, faults } = sectionsOf(placed, record.blocks);
  if (faults.length > 0) {
    return failure(
      ...faults.map(({ name, places }): Problem => ({
        code: 'flow-doubled-block',
        message: `cells ${String(places[0])} and ${String(places[1])} are both headers of a block ${name}`,
        file: notebook.file,
        cell: places[1],
        remedy: 'give one of them another name, or delete it',
      })),
    );
  }
  return success({ notebook, record, sections, cells, headers });
}

interface Marks {
  readonly block?: string;
  readonly header?: string;
  readonly conflict?: string;
}

function marksOf(text: string): Marks {
  const { metadata } = JSON.parse(text) as { readonly metadata?: unknown };
  const ours = isObject(metadata) ? metadata['dagpy'] : undefined;
  if (!isObject(ours)) return {};
  return Object.fromEntries(
    ['block', 'header', 'conflict'].flatMap(key => {
      const value = ours[key];
      return typeof value === 'string' ? [[key, value]] : [];
    }),
  );
}

export const CONFLICT_CODE = 'flow-conflict';

/** Both versions of a cell are still there. */
function unresolvedConflicts(notebook: Notebook, marks: readonly Marks[]): readonly Problem[] {
  const places = new Map(notebook.cells.map(({ id, place }) => [id, place]));
  return notebook.cells.flatMap((cell, at): readonly Problem[] => {
    const about = marks[at]?.conflict;
    const other = about === undefined ? undefined : places.get(about);
    if (other === undefined) return [];
    return [
      {
        code: CONFLICT_CODE,
        message: `cells ${String(other)} and ${String(cell.place)} are two versions of one cell: yours, and the one that the block has by now`,
        file: notebook.file,
        cell: other,
        remedy: 'bring what you want into one of them, delete the other, and submit again',
      },
    ];
  });
}
