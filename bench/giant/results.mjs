// What the workers of a giant project answered, held in columns: a trace is made when the engine looks at it.
import { TRACE_VERSION } from '../../src/protocol/trace.ts';
import { standIn, uidOf } from './project.mjs';

const NONE = Object.freeze([]);
const KEY_BYTES = 32;

/** The one component that a block exports, with one variable. */
class Stored {
  /** @param {string} name @param {string} digest */
  constructor(name, digest) {
    this.names = [name];
    this.digest = digest;
  }
  get head() {
    return { digest: this.digest, size: 1 };
  }
}
Object.assign(Stored.prototype, {
  buffers: NONE,
  lineTables: null,
  variables: NONE,
  reaches: NONE,
  hidden: NONE,
});

class SimulatedTrace {
  /** @param {Results} results @param {number} number */
  constructor(results, number) {
    this.results = results;
    this.number = number;
  }
  get key() {
    return this.results.keyOf(this.number);
  }
  get id() {
    return this.key;
  }
  get uid() {
    return uidOf(this.number);
  }
  get block() {
    return this.results.columns.ids[this.number];
  }
  get exports() {
    return [this.results.exportOf(this.number)];
  }
  get ingredients() {
    return this.results.ingredientsOf(this.number);
  }
}
Object.assign(SimulatedTrace.prototype, {
  version: TRACE_VERSION,
  createdAt: 0,
  seconds: 1,
  peakBytes: 0,
  display: { digest: standIn(0), size: 0 },
});
for (const name of `code discovered withheld appended ambient written external untracked imports replayed warnings`.split(
  ' ',
))
  SimulatedTrace.prototype[name] = NONE;

export class Results {
  #keys;
  #turns;
  /** Places of keys by their first bits: open addressing, number of the block plus one. */
  #table;
  #environment;

  /** @param {ReturnType<import('./project.mjs').giantSnapshot>} snapshot */
  constructor({ columns, environment }) {
    this.columns = columns;
    this.#environment = environment;
    this.#keys = Buffer.alloc(columns.size * KEY_BYTES);
    this.#turns = new Int32Array(columns.size);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(columns.size * 2)));
  }

  /** Takes in that a block ran. @param {string} id @param {string} key @param {number} turn from 1 */
  store(id, key, turn) {
    const number = Number(id.slice(1));
    this.#keys.write(key, number * KEY_BYTES, 'hex');
    this.#turns[number] = turn;
    this.#table[this.#slotOf(key)] = number + 1;
    return new SimulatedTrace(this, number);
  }

  /** As the store is asked. @param {string} key */
  find(key) {
    const number = this.#table[this.#slotOf(key)] - 1;
    return number < 0 ? NONE : [new SimulatedTrace(this, number)];
  }

  #slotOf(key) {
    const mask = this.#table.length - 1;
    for (let slot = Number.parseInt(key.slice(0, 8), 16) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#table[slot] - 1;
      if (number < 0 || this.keyOf(number) === key) return slot;
    }
  }

  /** @param {number} number */
  traceOf(number) {
    return this.#turns[number] === 0 ? undefined : new SimulatedTrace(this, number);
  }

  /** @param {number} number */
  keyOf(number) {
    return this.#keys.toString('hex', number * KEY_BYTES, (number + 1) * KEY_BYTES);
  }

  /** @param {number} number */
  exportOf(number) {
    return new Stored(this.columns.names[number], standIn(this.#turns[number]));
  }

  /** What the key of a block's run was made of. @param {number} number */
  ingredientsOf(number) {
    return {
      version: TRACE_VERSION,
      environment: this.#environment,
      uid: uidOf(number),
      seed: 0,
      cells: [standIn(number)],
      prelude: NONE,
      inputs: this.columns.parentsOf(number).map(parent => {
        const { names, digest } = this.exportOf(parent);
        return { name: names[0], component: digest, sharing: names };
      }),
      parameters: NONE,
      declared: NONE,
      cwd: '.',
    };
  }
}
