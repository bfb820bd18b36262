/** Which cell is which where a notebook has no cell ids (before nbformat 4.5). */

/**
 * Pairs items of two sequences: equal ones along a longest common subsequence, and what lies between two pairs in order,
 * as far as both sides have something there.
 * @returns for each item of `after`, the index in `before` that it is taken for, or `null`
 */
export function align(before: readonly string[], after: readonly string[]): readonly (number | null)[] {
  const paired = new Array<number | null>(after.length).fill(null);
  let start: readonly [number, number] = [0, 0];
  for (const [left, right] of [...commonSubsequence(before, after), [before.length, after.length] as const]) {
    const count = Math.min(left - start[0], right - start[1]);
    for (let at = 0; at < count; at += 1) paired[start[1] + at] = start[0] + at;
    if (right < after.length) paired[right] = left;
    start = [left + 1, right + 1];
  }
  return paired;
}

function commonSubsequence(
  before: readonly string[],
  after: readonly string[],
): readonly (readonly [number, number])[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      lengths[left * width + right] =
        before[left] === after[right]
          ? lengths[(left + 1) * width + right + 1]! + 1
          : Math.max(lengths[(left + 1) * width + right]!, lengths[left * width + right + 1]!);
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let left = 0, right = 0; left < before.length && right < after.length;) {
    if (before[left] === after[right]) pairs.push([left++, right++]);
    else if (lengths[(left + 1) * width + right]! >= lengths[left * width + right + 1]!) left += 1;
    else right += 1;
  }
  return pairs;
}
