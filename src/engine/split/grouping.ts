/** Which cells become a block: by headings, by tags, or cell by cell. */
import { headings } from './headings.js';
import type { Group, SplitCell, SplitInput, SplitRemark } from './types.js';

interface Grouping {
  readonly groups: readonly Group[];
  readonly remarks: readonly SplitRemark[];
}

/** A level is fine enough when it gives this many blocks with code … */
const ENOUGH = 3;
/** … and no block holds more than this part of the code cells. */
const LARGEST_PART = 0.6;

export function group(input: SplitInput): Grouping {
  if (input.by === 'tag') return byTag(input.cells);
  if (input.by === 'cell') return { groups: byCell(input.cells), remarks: [] };
  return byHeading(input.cells);
}

export const hasCode = (cells: readonly SplitCell[], group: Group): boolean =>
  group.cells.some(index => isCode(cells[index]));

const isCode = (cell: SplitCell | undefined): boolean => cell?.kind === 'code' && cell.facts?.empty !== true;

/** Code that does more than import and set options. */
const isWork = (cell: SplitCell | undefined): boolean => isCode(cell) && cell?.facts?.setUp !== true;

/**
 * The coarsest level that gives at least three blocks with code none of which holds most of the notebook; a
 * heading of a higher level starts a block too. Where no level does, the one that gives most blocks.
 */
function byHeading(cells: readonly SplitCell[]): Grouping {
  let best: readonly Group[] = [];
  const total = cells.filter(isWork).length;
  for (const level of [1, 2, 3, 4, 5, 6]) {
    const groups = attachText(cells, atLevel(cells, level));
    const sizes = groups
      .map(one => one.cells.filter(index => isWork(cells[index])).length)
      .filter(size => size > 0);
    if (sizes.length >= ENOUGH && Math.max(...sizes) <= LARGEST_PART * total) return { groups, remarks: [] };
    if (groups.length > best.length) best = groups;
  }
  if (best.filter(one => one.cells.some(index => isWork(cells[index]))).length > 1)
    return { groups: best, remarks: [] };
  const message = 'The notebook has no headings that divide its code, so every code cell became a block.';
  const remedy =
    'Add markdown headings and split again, or mark cells with tags `block:NAME` and split by tag.';
  return { groups: byCell(cells), remarks: [{ code: 'no-headings', message, remedy }] };
}

function atLevel(cells: readonly SplitCell[], level: number): readonly Group[] {
  return gather(cells, cell => {
    if (cell.kind !== 'markdown') return undefined;
    return headings(cell.source).find(heading => heading.level <= level)?.text;
  });
}

function byTag(cells: readonly SplitCell[]): Grouping {
  const names = cells.map(
    cell =>
      cell.block ??
      cell.tags
        .find(tag => tag.startsWith('block:'))
        ?.slice('block:'.length)
        .trim(),
  );
  if (names.every(name => name === undefined)) {
    const message = 'No cell carries a tag `block:NAME`.';
    const remedy = 'Tag the first cell of every block with `block:NAME`, or split by heading or by cell.';
    return { groups: [], remarks: [{ code: 'no-tags', message, remedy }] };
  }
  const remarks: SplitRemark[] = [];
  const closed = new Set<string>();
  let current: string | undefined;
  for (const [index, name] of names.entries()) {
    if (name === undefined || name === current) continue;
    if (closed.has(name)) {
      const message = `The tag \`block:${name}\` comes again after another block; blocks keep the order of cells, so it starts a new one.`;
      remarks.push({
        code: 'tag-again',
        message,
        cell: index + 1,
        remedy: 'Move the cells next to each other in the notebook.',
      });
    }
    if (current !== undefined) closed.add(current);
    current = name;
  }
  let last: string | undefined;
  const groups = gather(cells, (_cell, index) => {
    const name = names[index];
    if (name === undefined || name === last) return undefined;
    last = name;
    return name;
  });
  return { groups: attachText(cells, groups), remarks };
}

function byCell(cells: readonly SplitCell[]): readonly Group[] {
  const groups: Group[] = [];
  let waiting: number[] = [];
  for (const [index, cell] of cells.entries()) {
    waiting.push(index);
    if (!isCode(cell)) continue;
    const titles = waiting.flatMap(place =>
      cells[place]?.kind === 'markdown' ? headings(cells[place].source) : [],
    );
    groups.push({ title: titles.at(-1)?.text ?? null, cells: waiting });
    waiting = [];
  }
  return attachText(cells, waiting.length > 0 ? [...groups, { title: null, cells: waiting }] : groups);
}

/** A new group wherever `title` gives one; cells before the first belong to a group without title. */
function gather(
  cells: readonly SplitCell[],
  title: (cell: SplitCell, index: number) => string | undefined,
): readonly Group[] {
  const groups: { title: string | null; cells: number[] }[] = [];
  for (const [index, cell] of cells.entries()) {
    const found = title(cell, index);
    const last = groups.at(-1);
    if (found !== undefined || last === undefined) groups.push({ title: found ?? null, cells: [index] });
    else last.cells.push(index);
  }
  return groups;
}

/** Groups without code join the next one, those at the end the last one. */
function attachText(cells: readonly SplitCell[], groups: readonly Group[]): readonly Group[] {
  const found: Group[] = [];
  let waiting: readonly number[] = [];
  let waitingTitle: string | null = null;
  for (const one of groups) {
    const joined = [...waiting, ...one.cells];
    if (hasCode(cells, one)) {
      found.push({ title: one.title ?? waitingTitle, cells: joined });
      waiting = [];
      waitingTitle = null;
    } else {
      waiting = joined;
      waitingTitle = one.title ?? waitingTitle;
    }
  }
  if (waiting.length === 0) return found;
  const last = found.pop();
  return [...found, { title: last?.title ?? waitingTitle, cells: [...(last?.cells ?? []), ...waiting] }];
}
