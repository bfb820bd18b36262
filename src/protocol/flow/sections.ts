/** Which cells of a flow notebook belong to which block: those below its header, up to the next one. */
import type { Header } from './headers.js';

export interface PlacedCell {
  readonly id: string;
  /** Of header cells. */
  readonly header?: Header;
  /** Block that the cell, or the header, was made for; absent where a person made it. */
  readonly origin?: string;
  /** A person's choice that it belongs to no block. */
  readonly isOutside?: boolean;
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

export type SectionFault =
  | { readonly kind: 'doubled-block'; readonly name: string; readonly places: readonly [number, number] }
  /** A cell that no block is found for: there is no header at all. */
  | { readonly kind: 'no-block'; readonly place: number };

export interface Sections {
  readonly sections: readonly FlowSection[];
  /** Cells that belong to no block. */
  readonly outside: readonly string[];
  readonly faults: readonly SectionFault[];
}

type Growing = FlowSection & { readonly cells: string[] };

/**
 * @param blocks those that the flow was made from
 * @returns sections in the order of the flow. Cells above the first header go to the first section. A block whose header
 *   was deleted still begins at the first of its cells, so that losing a header moves nothing. What a person adds below a
 *   cell that is outside is outside as well.
 */
export function sectionsOf(cells: readonly PlacedCell[], blocks: readonly KnownBlock[]): Sections {
  const owners = ownersOf(cells, blocks);
  const headed = new Set(owners.values());
  const names = new Map(blocks.map(({ uid, name }) => [uid, name]));
  const sections: Growing[] = [];
  const outside: string[] = [];
  let above: PlacedCell[] = [];
  let isBelowOutside = false;
  for (const cell of cells) {
    if (cell.header !== undefined) {
      sections.push({ uid: owners.get(cell) ?? null, name: cell.header.name, header: cell, cells: [] });
      isBelowOutside = false;
      continue;
    }
    if (cell.isOutside === true || (isBelowOutside && cell.origin === undefined)) {
      // Above the first header, new cells go with what they stand on.
      if (sections.length === 0) {
        outside.push(...above.flatMap(({ id, origin }) => (origin === undefined ? [id] : [])));
        above = above.filter(({ origin }) => origin !== undefined);
      }
      outside.push(cell.id);
      isBelowOutside = true;
      continue;
    }
    isBelowOutside = false;
    const current = sections.at(-1);
    const name = names.get(cell.origin ?? '');
    const home = sections.find(({ uid }) => name !== undefined && uid === cell.origin);
    if (name !== undefined && home === undefined && !headed.has(cell.origin!))
      sections.push({ uid: cell.origin!, name, header: null, cells: [cell.id] });
    // Below a header that is not there nobody put a cell of another block on purpose.
    else if (current?.header === null && home !== undefined) home.cells.push(cell.id);
    else if (current === undefined) above.push(cell);
    else current.cells.push(cell.id);
  }
  sections[0]?.cells.unshift(...above.map(({ id }) => id));
  const faults = doubledNames(sections);
  const [homeless] = sections.length === 0 ? above : [];
  if (homeless !== undefined) faults.push({ kind: 'no-block', place: homeless.place });
  return { sections, outside, faults };
}

function doubledNames(sections: readonly FlowSection[]): SectionFault[] {
  const faults: SectionFault[] = [];
  const seen = new Map<string, number>();
  for (const { name, header } of sections) {
    if (header === null) continue;
    const other = seen.get(name);
    if (other === undefined) seen.set(name, header.place);
    else faults.push({ kind: 'doubled-block', name, places: [other, header.place] });
  }
  return faults;
}

/** Header cells to the blocks that they stand for; those of new blocks are left out. */
function ownersOf(
  cells: readonly PlacedCell[],
  blocks: readonly KnownBlock[],
): ReadonlyMap<PlacedCell, string> {
  const headers = cells.filter(cell => cell.header !== undefined);
  const owners = new Map<PlacedCell, string>();
  const taken = new Set<string>();
  const known = new Set(blocks.map(({ uid }) => uid));
  const claim = (cell: PlacedCell, uid: string | undefined): void => {
    if (uid === undefined || !known.has(uid) || taken.has(uid) || owners.has(cell)) return;
    owners.set(cell, uid);
    taken.add(uid);
  };
  const named = new Map(blocks.map(({ uid, name }) => [name, uid]));
  // A copy of a header that was renamed: the one that kept the name is the block's own.
  for (const cell of headers) if (named.get(cell.header!.name) === cell.origin) claim(cell, cell.origin);
  for (const cell of headers) claim(cell, cell.origin);
  for (const cell of headers) claim(cell, named.get(cell.header!.name));
  // One that was typed in place of a deleted one, with another name: right above the first cell of the block.
  const seen = new Set<string>();
  cells.forEach((cell, at) => {
    const before = cells[at - 1];
    if (cell.header !== undefined || cell.origin === undefined) return;
    if (before?.header !== undefined && before.origin === undefined && !seen.has(cell.origin))
      claim(before, cell.origin);
    seen.add(cell.origin);
  });
  return owners;
}
