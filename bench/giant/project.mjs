// A project of a million blocks as the engine gets it. It is held in columns, and an object of a block, an edge or a cell is
// made when the engine looks at it: so the memory that is measured is the engine's and not that of how a project is written
// down. A million blocks as plain objects take more than the whole measurement may: about 700 bytes each.
import { createHash } from 'node:crypto';

const NONE = Object.freeze([]);
const NO_TAGS = new Map();
const MOST_PARENTS = 3;

/** @param {string} text */
const digestOf = text => createHash('sha256').update(text).digest('hex');

/** What stands for a digest: only that it differs from others matters here. @param {number} number */
export const standIn = number => number.toString(16).padStart(64, '0');

/** Facts of the one cell of a block: it makes one variable of those of its parents. */
class Facts {
  #loads;

  /** @param {Columns} columns @param {number} number @param {boolean} isEdited */
  constructor(columns, number, isEdited) {
    this.columns = columns;
    this.number = number;
    this.digest = standIn(isEdited ? number + columns.size : number);
    this.#loads = undefined;
  }
  get loads() {
    return (this.#loads ??= this.columns.parentsOf(this.number).map(parent => this.columns.names[parent]));
  }
  get binds() {
    return [this.columns.names[this.number]];
  }
  get mayBind() {
    return this.binds;
  }
}
Object.assign(Facts.prototype, {
  empty: false,
  setsEnvironment: false,
  setUp: false,
  importedFrom: {},
  syntaxError: null,
});
for (const name of `deletes mayMutate stringNames paths dynamic bindsUnknown starImports imports importedNames magics chains
  history functions steps remarks`.split(/\s+/))
  Facts.prototype[name] = NONE;

/** One block of a snapshot: as it stands on disk and, so that there is one object and not two, as dag.json declares it. */
class Block {
  /** @param {Snapshot} snapshot @param {number} number */
  constructor(snapshot, number) {
    this.snapshot = snapshot;
    this.number = number;
  }
  get declaration() {
    return this;
  }
  get id() {
    return this.snapshot.columns.ids[this.number];
  }
  get uid() {
    return uidOf(this.number);
  }
  get parents() {
    const { ids } = this.snapshot.columns;
    return this.snapshot.columns.parentsOf(this.number).map(parent => ({ block: ids[parent] }));
  }
  get cells() {
    return [new Facts(this.snapshot.columns, this.number, this.number === this.snapshot.edited)];
  }
  get memory() {
    return this.snapshot.memoryOf(this.number);
  }
}
Object.assign(Block.prototype, {
  notebook: 'block.ipynb',
  filter: { kind: 'auto' },
  run: 'auto',
  inputs: NONE,
  outputs: NONE,
  env: NONE,
  after: NONE,
  tags: NO_TAGS,
  retries: 0,
});

/** @param {number} number */
export const uidOf = number => `uid-${number}`;

/** A number that looks random and is the same every time. @param {number} seed */
function scatter(seed) {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Names and edges of blocks, by their numbers: parents have lower ones. */
class Columns {
  #parents;

  /** @param {number} size */
  constructor(size) {
    this.size = size;
    this.ids = Array.from({ length: size }, (_, number) => `b${number}`);
    this.names = Array.from({ length: size }, (_, number) => `x${number}`);
    this.#parents = new Int32Array(size * MOST_PARENTS);
    this.edges = 0;
    for (let number = 0; number < size; number += 1) {
      const parents = this.#choose(number);
      this.#parents.set(parents, number * MOST_PARENTS);
      this.edges += parents.length;
    }
  }

  /** By the names of what they make, in which order a cell lists what it loads. @param {number} number */
  parentsOf(number) {
    const first = number * MOST_PARENTS;
    const parents = [];
    for (let place = 0; place < Math.min(MOST_PARENTS, number); place += 1)
      parents.push(this.#parents[first + place]);
    return parents;
  }

  /** Earlier blocks, as many as there are. @param {number} number */
  #choose(number) {
    const found = [];
    for (let salt = 1; found.length < Math.min(MOST_PARENTS, number); salt += 1) {
      const parent = scatter(number * 7 + salt) % number;
      if (!found.includes(parent)) found.push(parent);
    }
    return found.sort((a, b) => (this.names[a] < this.names[b] ? -1 : 1));
  }
}

export const ORDERS = ['parents first', 'children first', 'shuffled'];

/** Numbers of blocks in the order of the file. @param {number} size @param {string} order */
function listed(size, order) {
  const numbers = Int32Array.from({ length: size }, (_, place) =>
    order === 'children first' ? size - 1 - place : place,
  );
  if (order === 'shuffled') {
    for (let place = size - 1; place > 0; place -= 1) {
      const other = scatter(place) % (place + 1);
      [numbers[place], numbers[other]] = [numbers[other], numbers[place]];
    }
  }
  return numbers;
}

const NO_MEMORY = { shown: null, last: null, failure: null };

class Snapshot {
  /**
   * @param {Columns} columns @param {Int32Array} numbers @param {number} edited a block whose code is another one, -1: none
   * @param {import('./results.mjs').Results | undefined} results of a run before
   */
  constructor(columns, numbers, edited, results) {
    this.columns = columns;
    this.edited = edited;
    this.results = results;
    this.blocks = Array.from(numbers, number => new Block(this, number));
    this.dag = {
      version: 1,
      name: 'giant',
      kernel: 'none',
      cache: { keep: 3 },
      parameters: new Map(),
      seed: 0,
      tags: NO_TAGS,
      blocks: this.blocks,
    };
    this.parameters = new Map();
    this.environment = digestOf('a Python');
  }

  /** @param {number} number */
  memoryOf(number) {
    const last = this.results?.traceOf(number);
    return last === undefined ? NO_MEMORY : { shown: last.id, last, failure: null };
  }
}

/** A project that never ran. @param {number} size @param {string} order */
export const giantSnapshot = (size, order) =>
  new Snapshot(new Columns(size), listed(size, order), -1, undefined);

/** The snapshot after a run, with another code in one block. @param {Snapshot} snapshot @param {import('./results.mjs').Results} results @param {number} edited its number */
export const afterRun = (snapshot, results, edited) =>
  new Snapshot(
    snapshot.columns,
    Int32Array.from(snapshot.blocks, ({ number }) => number),
    edited,
    results,
  );
