// A project of a million blocks as the engine gets it, and what its workers would answer. As lean as it can be: what all
// blocks have in common stands in prototypes, so that the memory that is measured is mostly the engine's.
import { createHash } from 'node:crypto';

const NONE = Object.freeze([]);
const NO_TAGS = new Map();

/** @param {string} text */
export const digestOf = text => createHash('sha256').update(text).digest('hex');

class Facts {
  constructor(digest, loads, binds) {
    this.digest = digest;
    this.loads = loads;
    this.binds = binds;
    this.mayBind = binds;
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

class Declaration {
  constructor(id, parents) {
    this.id = id;
    this.parents = parents;
  }
}
Object.assign(Declaration.prototype, {
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

class Stored {
  constructor(name, object) {
    this.names = [name];
    this.digest = object.digest;
    this.head = object;
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
  constructor({ block, key, ingredients }, component) {
    this.id = block;
    this.key = key;
    this.uid = ingredients.uid;
    this.block = block;
    this.ingredients = ingredients;
    this.exports = [component];
  }
}
Object.assign(SimulatedTrace.prototype, { version: 2, createdAt: 0, seconds: 1, peakBytes: 0 });
for (const name of `code discovered withheld appended ambient written external untracked imports replayed warnings`.split(
  ' ',
))
  SimulatedTrace.prototype[name] = NONE;
SimulatedTrace.prototype.display = { digest: digestOf('nothing shown'), size: 0 };

/** A number that looks random and is the same every time. @param {number} seed */
function scatter(seed) {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Three earlier blocks, as many as there are. @param {number} block */
function parentsOf(block) {
  const found = [];
  for (let salt = 1; found.length < Math.min(3, block); salt += 1) {
    const parent = scatter(block * 7 + salt) % block;
    if (!found.includes(parent)) found.push(parent);
  }
  return found;
}

export const ORDERS = ['parents first', 'children first', 'shuffled'];

/** Places of blocks in the file. @param {number} size @param {string} order */
function listed(size, order) {
  const places = Array.from({ length: size }, (_, place) =>
    order === 'children first' ? size - 1 - place : place,
  );
  if (order === 'shuffled') {
    for (let place = size - 1; place > 0; place -= 1) {
      const other = scatter(place) % (place + 1);
      [places[place], places[other]] = [places[other], places[place]];
    }
  }
  return places;
}

const idOf = block => `b${block}`;
const nameOf = block => `x${block}`;
const NO_MEMORY = { shown: null, last: null, failure: null };

/** @param {number} block @param {readonly number[]} parents @param {string} [edit] makes the code another one */
const cellsOf = (block, parents, edit = '') => [
  new Facts(digestOf(`code of ${block}${edit}`), parents.map(nameOf).sort(), [nameOf(block)]),
];

/** A snapshot of a project, and how many edges it has. @param {number} size @param {string} order */
export function giantSnapshot(size, order) {
  let edges = 0;
  const blocks = listed(size, order).map(block => {
    const parents = parentsOf(block);
    edges += parents.length;
    return {
      declaration: new Declaration(
        idOf(block),
        parents.map(parent => ({ block: idOf(parent) })),
      ),
      uid: `uid-${block}`,
      cells: cellsOf(block, parents),
      memory: NO_MEMORY,
    };
  });
  const dag = {
    version: 1,
    name: 'giant',
    kernel: 'none',
    cache: { keep: 3 },
    parameters: new Map(),
    seed: 0,
    tags: NO_TAGS,
    blocks: blocks.map(({ declaration }) => declaration),
  };
  return { snapshot: { dag, blocks, parameters: new Map(), environment: digestOf('a Python') }, edges };
}

/** The snapshot after a run, with another code in one block. @param {number} changed where it stands in the file */
export function afterRun(snapshot, traces, changed) {
  const blocks = snapshot.blocks.map((block, place) => {
    const last = traces.get(block.declaration.id);
    const number = Number(block.declaration.id.slice(1));
    const cells = place === changed ? cellsOf(number, parentsOf(number), ', edited') : block.cells;
    return { ...block, cells, memory: { shown: last.id, last, failure: null } };
  });
  return { ...snapshot, blocks };
}

/** What a worker would have stored. @param {any} effect @param {number} turn */
export function traceOf(effect, turn) {
  // Workers hash what they store: what stands for it here only has to differ each time.
  const object = { digest: turn.toString(16).padStart(64, '0'), size: 1 };
  return new SimulatedTrace(effect, new Stored(`x${effect.block.slice(1)}`, object));
}
