/** The name that someone who mistyped it most likely meant. */

/** `undefined`: none is near enough. The first of equally near ones wins. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  // Any single letter is as near as any other.
  if (given.replace(/^-+/, '').length < 2) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.replace(/^-+/, '').length / 3)) + 1;
  for (const name of known) {
    const count = distance(given, name);
    if (count < least) {
      least = count;
      best = name;
    }
  }
  return best ?? known.find(name => name.startsWith(given));
}

/** Letters to add, drop, replace or swap with the next one (optimal string alignment). */
export function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const now = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let count = Math.min(
        at(last, column) + 1,
        at(now, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        count = Math.min(count, at(beforeLast, column - 2) + 1);
      }
      now.push(count);
    }
    beforeLast = last;
    last = now;
  }
  return at(last, to.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
