/** Which cell of an open notebook belongs to which block. Pure: the same rule as where flows are written back. */
import { parseHeader, type Header } from '../../protocol/flow/headers.js';
import { decodeFlowRecord, type FlowRecord } from '../../protocol/flow/record.js';
import { sectionsOf, type PlacedCell } from '../../protocol/flow/sections.js';

/** What is known of a cell without drawing it. */
export interface CellFacts {
  readonly id: string;
  readonly type: string;
  /** Asked only of markdown cells. */
  source(): string;
  /** `metadata.dagpy`. */
  readonly marks: Marks;
}

export interface Marks {
  readonly block?: string;
  readonly header?: string | false;
  readonly conflict?: string;
  readonly outside?: true;
  readonly live?: true;
}

export interface Section {
  /** `null`: the block is new, and nobody has saved it yet. */
  readonly uid: string | null;
  readonly name: string;
  /** `null`: the header was deleted. */
  readonly header: { readonly cell: string; readonly text: Header } | null;
  readonly cells: readonly string[];
}

export interface Membership {
  readonly sections: readonly Section[];
  readonly outside: ReadonlySet<string>;
  /** Of a cell that belongs to a block, or is its header. */
  sectionOf(cell: string): Section | undefined;
}

/** @param data `metadata.dagpy` of a cell, whatever it is */
export function marksOf(data: unknown): Marks {
  if (typeof data !== 'object' || data === null) return {};
  const { block, header, conflict, outside, live } = data as Readonly<Record<keyof Marks, unknown>>;
  return {
    ...(typeof block === 'string' ? { block } : {}),
    ...(typeof header === 'string' || header === false ? { header } : {}),
    ...(typeof conflict === 'string' ? { conflict } : {}),
    ...(outside === true ? { outside } : {}),
    ...(live === true ? { live } : {}),
  };
}

/** @param data `metadata.dagpy` of a notebook. @returns `null`: it is no flow, or one of another version */
export function recordOf(data: unknown): FlowRecord | null {
  if (typeof data !== 'object' || data === null || !('flow' in data)) return null;
  try {
    return decodeFlowRecord(data.flow, 'metadata.dagpy.flow');
  } catch {
    return null;
  }
}

export const headerIn = ({ type, marks, source }: CellFacts): Header | undefined =>
  type === 'markdown' && marks.header !== false && marks.outside !== true ? parseHeader(source()) : undefined;

/** @param record `null`: the notebook is no flow yet, and becomes one by its first header */
export function membershipOf(cells: readonly CellFacts[], record: FlowRecord | null): Membership {
  const blocks = record?.blocks ?? [];
  const origins = new Map(blocks.flatMap(({ uid, cells: own }) => own.map(({ id }) => [id, uid] as const)));
  const headers = new Map<string, Header>();
  const placed = cells.map((cell, at): PlacedCell => {
    const { id, marks } = cell;
    const header = headerIn(cell);
    if (header !== undefined) headers.set(id, header);
    const origin =
      header !== undefined
        ? marks.header === false
          ? undefined
          : marks.header
        : (origins.get(id) ?? marks.block);
    return {
      id,
      place: at + 1,
      ...(header === undefined ? {} : { header }),
      ...(origin === undefined ? {} : { origin }),
      ...(marks.outside === true ? { isOutside: true } : {}),
    };
  });
  const found = sectionsOf(placed, [...blocks, ...returned(cells, blocks)]);
  const sections = found.sections.map(({ uid, name, header, cells: own }): Section => ({
    uid,
    name,
    header: header === null ? null : { cell: header.id, text: headers.get(header.id)! },
    cells: own,
  }));
  const homes = new Map(
    sections.flatMap(section =>
      [...(section.header === null ? [] : [section.header.cell]), ...section.cells].map(
        id => [id, section] as const,
      ),
    ),
  );
  return { sections, outside: new Set(found.outside), sectionOf: cell => homes.get(cell) };
}

/** Blocks that the record does not have and whose header is there: it came back by an undo, or from another flow. */
function returned(
  cells: readonly CellFacts[],
  blocks: FlowRecord['blocks'],
): readonly { readonly uid: string; readonly name: string }[] {
  const known = new Set(blocks.map(({ uid }) => uid));
  return cells.flatMap(cell => {
    const { header: uid } = cell.marks;
    const header = typeof uid === 'string' && !known.has(uid) ? headerIn(cell) : undefined;
    if (header === undefined || typeof uid !== 'string') return [];
    known.add(uid);
    return [{ uid, name: header.name }];
  });
}

/**
 * What becomes of the choice to be outside where a cell came to lie between others: between two cells of one block it
 * belongs there, and between two that are outside it is outside. What the others are is judged without the newcomers.
 * @param arrived ids of cells that were put where they are by a person
 * @returns cells whose mark is to be set (`true`) or taken away
 */
export function settled(
  cells: readonly CellFacts[],
  arrived: ReadonlySet<string>,
  record: FlowRecord | null,
): ReadonlyMap<string, boolean> {
  const changes = new Map<string, boolean>();
  const now = membershipOf(cells, record);
  const others = cells.filter(({ id }) => !arrived.has(id));
  const before = membershipOf(others, record);
  let above: string | undefined;
  let passed = 0;
  for (const { id } of cells) {
    if (!arrived.has(id)) {
      above = id;
      passed += 1;
      continue;
    }
    const below = others[passed]?.id;
    if (above === undefined || below === undefined || now.sectionOf(id)?.header?.cell === id) continue;
    const home = before.sectionOf(above);
    const isInside = home !== undefined && home === before.sectionOf(below) && home.header?.cell !== below;
    const isOutside = now.outside.has(id);
    if (isOutside && isInside) changes.set(id, false);
    if (!isOutside && before.outside.has(above) && before.outside.has(below)) changes.set(id, true);
  }
  return changes;
}
