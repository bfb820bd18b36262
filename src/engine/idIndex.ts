/**
 * Blocks by their names: a table with open addressing in a typed array. A `Map` of a million names takes twice the memory
 * and is several times slower to fill and to ask, since it reads a chain of names for each that is looked up.
 */
import type { BlockId } from '../protocol/ids.js';

export class IdIndex {
  readonly #ids: readonly BlockId[];
  /** Pairs: hash of the name, place in `#ids` plus one; 0 is a free pair. At most half of them are taken. */
  readonly #table: Int32Array;
  readonly #mask: number;

  /** Of equal names the first counts. @param repeated is told of every further one */
  constructor(ids: readonly BlockId[], repeated: (index: number) => void = () => {}) {
    this.#ids = ids;
    let pairs = 4;
    while (pairs < ids.length * 2) pairs *= 2;
    this.#mask = pairs - 1;
    this.#table = new Int32Array(pairs * 2);
    for (let index = 0; index < ids.length; index += 1) {
      const hash = hashOf(ids[index]!);
      const slot = this.#slotOf(ids[index]!, hash);
      if (this.#table[slot + 1] !== 0) repeated(index);
      else {
        this.#table[slot] = hash;
        this.#table[slot + 1] = index + 1;
      }
    }
  }

  get(id: BlockId): number | undefined {
    const index = this.#table[this.#slotOf(id, hashOf(id)) + 1]! - 1;
    return index < 0 ? undefined : index;
  }

  /**
   * Places of many names at once, -1 for one that nobody has. Each step is taken for all names before the next: a
   * processor then waits for many far places of memory together, and not for one after the other.
   * @param places has room for all of them
   */
  getAll(names: readonly BlockId[], places: Int32Array): void {
    const table = this.#table;
    const ids = this.#ids;
    const count = names.length;
    for (let at = 0; at < count; at += 1) places[at] = hashOf(names[at]!);
    for (let at = 0; at < count; at += 1) {
      const hash = places[at]!;
      const pair = (hash & this.#mask) * 2;
      places[at] = table[pair] === hash ? table[pair + 1]! - 1 : -1;
    }
    for (let at = 0; at < count; at += 1) {
      const place = places[at]!;
      // Where another name has the first pair, or the same hash.
      if (place < 0 || ids[place] !== names[at]) places[at] = this.get(names[at]!) ?? -1;
    }
  }

  has(id: BlockId): boolean {
    return this.get(id) !== undefined;
  }

  /** The pair that holds a name, or the free one where it would be. */
  #slotOf(id: BlockId, hash: number): number {
    const table = this.#table;
    for (let pair = hash & this.#mask; ; pair = (pair + 1) & this.#mask) {
      const index = table[pair * 2 + 1]!;
      if (index === 0 || (table[pair * 2] === hash && this.#ids[index - 1] === id)) return pair * 2;
    }
  }
}

/** Only where in the table a search begins follows from it; names are compared. */
function hashOf(id: string): number {
  let hash = 0;
  for (let place = 0; place < id.length; place += 1)
    hash = Math.imul(hash ^ id.charCodeAt(place), 0x5bd1e995);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ (hash >>> 13);
}
