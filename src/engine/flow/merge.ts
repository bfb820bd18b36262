/**
 * Three-way merge of a flow notebook into the blocks it was made from, cell by cell: what only one side changed is
 * taken from that side, what both changed alike is agreed on, what both changed differently is a conflict. Pure; cells
 * are digests here, so the texts of neither side pass through.
 */

/** A cell as one side has it. */
export interface CellVersion {
  /** The same on all sides. */
  readonly id: string;
  /** Digest of what a person writes: kind, source, metadata, attachments. */
  readonly content: string;
  /** Digest of what it shows. */
  readonly outputs: string;
}

/** Cells of a block in order; blocks by an identity that renaming keeps. */
export interface Section {
  readonly block: string;
  readonly cells: readonly CellVersion[];
}

export type Side = 'flow' | 'disk';

export interface MergedCell {
  readonly id: string;
  readonly content: Side;
  readonly outputs: Side;
}

export interface MergedSection {
  readonly block: string;
  readonly cells: readonly MergedCell[];
}

/** Something that was decided for the person, with nothing lost. */
export interface MergeRemark {
  readonly id: string;
  readonly block: string;
  /**
   * `kept-edited`: deleted on one side and changed or moved on the other, so it stays ·
   * `outputs-differ`: both sides ran it; the block keeps its own outputs, the flow its own.
   */
  readonly kind: 'kept-edited' | 'outputs-differ';
}

export interface MergeConflict {
  readonly id: string;
  readonly block: string;
}

export interface Merge {
  /** As the blocks would be. With conflicts, their cells are the flow's here. */
  readonly sections: readonly MergedSection[];
  readonly remarks: readonly MergeRemark[];
  readonly conflicts: readonly MergeConflict[];
}

interface Found {
  readonly version: CellVersion;
  readonly block: string;
}

/**
 * @param base blocks as the flow was made from them
 * @param flow sections of the flow, new blocks included
 * @param disk the same blocks as they are now; a block that is new in the flow is absent
 */
export function mergeFlow(
  base: readonly Section[],
  flow: readonly Section[],
  disk: readonly Section[],
): Merge {
  const before = cellsOf(base);
  const edited = cellsOf(flow);
  const current = cellsOf(disk);
  const remarks: MergeRemark[] = [];
  const conflicts: MergeConflict[] = [];
  const chosen = new Map<string, MergedCell & { readonly block: string }>();
  for (const id of new Set([...edited.keys(), ...current.keys()])) {
    const [was, mine, theirs] = [before.get(id), edited.get(id), current.get(id)];
    const block = (mine ?? theirs)?.block ?? '';
    const remark = (kind: MergeRemark['kind']): void => void remarks.push({ id, block, kind });
    // Only a move that the flow made counts: a block's own file holds its cells alone.
    const moved = mine !== undefined && mine.block !== was?.block;
    const cell = mergeCell(id, was?.version, mine?.version, theirs?.version, moved, remark);
    if (cell === 'gone') continue;
    if (cell === 'conflict') conflicts.push({ id, block });
    const kept = cell === 'conflict' ? ({ id, content: 'flow', outputs: 'flow' } as const) : cell;
    chosen.set(id, { ...kept, block: moved ? mine.block : ((theirs ?? mine)?.block ?? block) });
  }
  const ids = (sections: readonly Section[], name: string): readonly string[] =>
    sections.find(({ block }) => block === name)?.cells.map(({ id }) => id) ?? [];
  const sections = [...new Set([...flow, ...disk].map(({ block }) => block))].map(block => ({
    block,
    cells: inOrder(
      ids(base, block),
      ids(flow, block),
      ids(disk, block),
      id => chosen.get(id)?.block === block,
    ).map(id => {
      const { block: _, ...cell } = chosen.get(id)!;
      return cell;
    }),
  }));
  return { sections, remarks, conflicts };
}

function cellsOf(sections: readonly Section[]): ReadonlyMap<string, Found> {
  return new Map(
    sections.flatMap(({ block, cells }) => cells.map(version => [version.id, { version, block }] as const)),
  );
}

function mergeCell(
  id: string,
  was: CellVersion | undefined,
  mine: CellVersion | undefined,
  theirs: CellVersion | undefined,
  moved: boolean,
  remark: (kind: MergeRemark['kind']) => void,
): MergedCell | 'gone' | 'conflict' {
  const take = (side: Side): MergedCell => ({ id, content: side, outputs: side });
  if (mine === undefined && theirs === undefined) return 'gone';
  if (mine === undefined || theirs === undefined) {
    const side = mine === undefined ? 'disk' : 'flow';
    const left = (mine ?? theirs)!;
    if (was === undefined) return take(side);
    // Moved and gone: a submission that was cut off had taken it out of its block already.
    if (left.content === was.content && !moved) return 'gone';
    remark('kept-edited');
    return take(side);
  }
  const mineChanged = mine.content !== was?.content;
  const theirsChanged = theirs.content !== was?.content;
  if (mine.content !== theirs.content) {
    if (mineChanged && theirsChanged) return 'conflict';
    if (!mineChanged) return take('disk');
    // Edited and not run: what the block shows by now is newer than what the flow was made with.
    return { id, content: 'flow', outputs: mine.outputs === was?.outputs ? 'disk' : 'flow' };
  }
  if (mine.outputs === theirs.outputs || mine.outputs === was?.outputs) return take('disk');
  if (theirs.outputs === was?.outputs) return { id, content: 'disk', outputs: 'flow' };
  remark('outputs-differ');
  return take('disk');
}

/**
 * Order of a block's cells: that of the side which moved cells, the flow's where both did. Cells that only the other
 * side has follow the cell that they follow there.
 */
function inOrder(
  base: readonly string[],
  flow: readonly string[],
  disk: readonly string[],
  belongs: (id: string) => boolean,
): readonly string[] {
  const mine = flow.filter(belongs);
  const theirs = disk.filter(belongs);
  const known = new Set(base);
  const flowMoved = !sameOrder(
    base,
    flow.filter(id => known.has(id)),
  );
  return flowMoved ? withInserted(mine, theirs) : withInserted(theirs, mine);
}

/** Whether `part` has its items in the order in which `whole` has them. */
function sameOrder(whole: readonly string[], part: readonly string[]): boolean {
  const places = new Map(whole.map((id, place) => [id, place]));
  return part.every((id, at) => at === 0 || places.get(part[at - 1]!)! < places.get(id)!);
}

/** `skeleton` with the items that only `other` has, each behind the item that it follows there. */
export function withInserted(skeleton: readonly string[], other: readonly string[]): readonly string[] {
  const there = new Set(skeleton);
  const following = new Map<string | undefined, string[]>();
  let anchor: string | undefined;
  for (const id of other) {
    if (there.has(id)) anchor = id;
    else following.set(anchor, [...(following.get(anchor) ?? []), id]);
  }
  return [...(following.get(undefined) ?? []), ...skeleton.flatMap(id => [id, ...(following.get(id) ?? [])])];
}
