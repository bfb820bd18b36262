/** Which code cells differ from those of an earlier time: what is the same at the start and at the end is left out. */

export interface CellChanges {
  /** Places among the cells of now, from 0: with another one in that place before, or with none. */
  readonly changed: readonly number[];
  readonly added: readonly number[];
  /** How many are gone beyond those that others stand for. */
  readonly removed: number;
  /** The first place after all changes. */
  readonly end: number;
}

export function cellChanges(before: readonly string[], now: readonly string[]): CellChanges {
  const least = Math.min(before.length, now.length);
  let start = 0;
  while (start < least && before[start] === now[start]) start += 1;
  let same = 0;
  while (same < least - start && before.at(-1 - same) === now.at(-1 - same)) same += 1;
  const lastBefore = before.length - same;
  const end = now.length - same;
  const changed: number[] = [];
  const added: number[] = [];
  for (let place = start; place < end; place += 1) {
    if (place >= lastBefore) added.push(place);
    else if (before[place] !== now[place]) changed.push(place);
  }
  return { changed, added, removed: Math.max(0, lastBefore - end), end };
}
