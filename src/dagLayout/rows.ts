/** Neighbours in typed arrays. */
import type { Edge, Rows } from './types.js';

/** Rows of `size` keys; pairs keep their order within a row. */
export function rowsOf(size: number, keys: ArrayLike<number>, values: ArrayLike<number>): Rows {
  const start = new Int32Array(size + 1);
  for (let pair = 0; pair < keys.length; pair += 1) start[keys[pair]! + 1]! += 1;
  for (let row = 0; row < size; row += 1) start[row + 1]! += start[row]!;
  const next = start.slice(0, size);
  const targets = new Int32Array(keys.length);
  for (let pair = 0; pair < keys.length; pair += 1) {
    const row = keys[pair]!;
    targets[next[row]!] = values[pair]!;
    next[row]! += 1;
  }
  return { start, targets };
}

export const parentsOf = (size: number, edges: readonly Edge[]): Rows =>
  rowsOf(size, edges.map(toOf), edges.map(fromOf));
export const childrenOf = (size: number, edges: readonly Edge[]): Rows =>
  rowsOf(size, edges.map(fromOf), edges.map(toOf));

const fromOf = ({ from }: Edge): number => from;
const toOf = ({ to }: Edge): number => to;

/** Throws where a number is out of range or an edge goes backwards: the caller numbers nodes topologically. */
export function checkEdges(size: number, edges: readonly Edge[]): void {
  for (const { from, to } of edges) {
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to < size))
      throw new RangeError(`edge ${String(from)} → ${String(to)} in a graph of ${String(size)} nodes`);
  }
}
