/**
 * Set of the integers 0 … capacity - 1 that gives up its least member. A tree of 32-way bit words: four levels hold a
 * million members, so adding and taking cost a handful of word operations, with no comparison and no allocation.
 */
export class IndexQueue {
  readonly #levels: Uint32Array[] = [];
  #size = 0;

  constructor(capacity: number) {
    let words = Math.max(1, Math.ceil(capacity / 32));
    for (;;) {
      this.#levels.push(new Uint32Array(words));
      if (words === 1) break;
      words = Math.ceil(words / 32);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Adding a member again changes nothing. */
  add(member: number): void {
    let position = member;
    for (const words of this.#levels) {
      const word = position >>> 5;
      const before = words[word]!;
      const after = (before | (1 << (position & 31))) >>> 0;
      if (before === after) return;
      if (words === this.#levels[0]) this.#size += 1;
      words[word] = after;
      if (before !== 0) return;
      position = word;
    }
  }

  /** Takes the least member out; -1 when there is none. */
  takeLeast(): number {
    if (this.#size === 0) return -1;
    let position = 0;
    for (let level = this.#levels.length - 1; level >= 0; level -= 1) {
      const bits = this.#levels[level]![position]!;
      position = position * 32 + (31 - Math.clz32(bits & -bits));
    }
    const member = position;
    for (const words of this.#levels) {
      const word = position >>> 5;
      const after = (words[word]! & ~(1 << (position & 31))) >>> 0;
      words[word] = after;
      if (after !== 0) break;
      position = word;
    }
    this.#size -= 1;
    return member;
  }
}
