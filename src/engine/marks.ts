/** Sets of blocks as marks, a byte a block. */

/** Of so many blocks one is marked at most for few to be. */
const FEW = 64;

/**
 * A list with a place a block; where few are marked, and so few places are going to be filled, one that takes memory only
 * for those.
 * @param marks absent: all are
 */
export function placesFor<Value>(size: number, marks: Uint8Array | undefined): (Value | undefined)[] {
  if (marks === undefined) return new Array<Value | undefined>(size);
  let count = 0;
  for (const block of marked(marks)) {
    count += marks[block]!;
    if (count * FEW > size) return new Array<Value | undefined>(size);
  }
  return [];
}

/** Marked blocks, the first in notebook order first; marks are ones. */
export function* marked(marks: Uint8Array): Generator<number> {
  for (let block = marks.indexOf(1); block >= 0; block = marks.indexOf(1, block + 1)) yield block;
}
