/** Which cells of a flow notebook belong to which block: those below its header, up to the next one. */
import type { Header } from './headers.js';

export interface PlacedCell {
  readonly id: string;
  /** Of header cells. */
  readonly header?: Header;
  /** Block that the cell, or the header, was made for; absent where a person made it. */
  readonly origin?: string;
  /** Among all cells, from 1. */
  readonly place: number;
}

export interface KnownBlock {
  /** Identity that renaming keeps. */
  readonly uid: string;
  readonly name: string;
}

export interface FlowSection {
  /** `null`: the block is new. */
  readonly uid: string | null;
  /** What its header calls it now; of a block without one, its own name. */
  readonly name: string;
  /** `null`: it was deleted. */
  readonly header: PlacedCell | null;
  readonly cells: readonly string[];
}

export interface SectionFault {
  readonly kind: 'doubled-block';
  readonly name: string;
  readonly places: readonly [number, number];
}

/**
 * @param blocks those that the flow was made from
 * @returns sections in the order of the flow. Cells above the first header go to the first section. A block whose header
 *   was deleted still begins at the first of its cells, so that losing a header moves nothing.
 */
export function sectionsOf(
  cells: readonly PlacedCell[],
  blocks: readonly KnownBlock[],
): { readonly sections: readonly FlowSection[]; readonly faults: readonly SectionFault[] } {
  const faults: SectionFault[] = [];
  const owners = ownersOf(cells, blocks, faults);
  const headed = new Set(owners.values());
  const names = new Map(blocks.map(({ uid, name }) => [uid, name]));
  const sections: (FlowSection & { readonly cells: string[] })[] = [];
  const above: string[] = [];
  for (const cell of cells) {
    if (cell.header !== undefined) {
      sections.push({ uid: owners.get(cell) ?? null, name: cell.header.name, header: cell, cells: [] });
      continue;
    }
    const { origin } = cell;
    const current = sections.at(-1);
    const name = origin === undefined ? undefined : names.get(origin);
    if (origin !== undefined && name !== undefined && !headed.has(origin)) {
      const own = sections.find(section => section.uid === origin);
      if (own === undefined) sections.push({ uid: origin, name, header: null, cells: [cell.id] });
      else (current?.uid === origin ? current : own).cells.push(cell.id);
    } else (current?.cells ?? above).push(cell.id);
  }
  sections[0]?.cells.unshift(...above);
  return { sections, faults };
}

/** Header cells to the blocks that they stand for; those of new blocks are left out. */
function ownersOf(
  cells: readonly PlacedCell[],
  blocks: readonly KnownBlock[],
  faults: SectionFault[],
): ReadonlyMap<PlacedCell, string> {
  const headers = cells.filter(cell => cell.header !== undefined);
  const owners = new Map<PlacedCell, string>();
  const taken = new Map<string, PlacedCell>();
  const claim = (cell: PlacedCell, uid: string | undefined): void => {
    if (uid === undefined || taken.has(uid) || owners.has(cell)) return;
    owners.set(cell, uid);
    taken.set(uid, cell);
  };
  const named = new Map(blocks.map(({ uid, name }) => [name, uid]));
  const known = new Set(blocks.map(({ uid }) => uid));
  // A copy of a header that was renamed: the one that kept the name is the block's own.
  for (const cell of headers) if (named.get(cell.header!.name) === cell.origin) claim(cell, cell.origin);
  for (const cell of headers)
    if (cell.origin !== undefined && known.has(cell.origin)) claim(cell, cell.origin);
  for (const cell of headers) claim(cell, named.get(cell.header!.name));
  const seen = new Map<string, PlacedCell>();
  for (const cell of headers) {
    const name = cell.header!.name;
    const other = seen.get(name);
    if (other !== undefined) faults.push({ kind: 'doubled-block', name, places: [other.place, cell.place] });
    seen.set(name, cell);
  }
  return owners;
}
