// What workloads are made of. A block makes one variable that has the block's own name and reads those of its parents.
// Names with an underscore in front are its own business. Each workload is data: adapters turn it into what a tool takes.

/**
 * @typedef {object} Block
 * @property {string} id also the name of the one variable that it makes
 * @property {string[]} parents
 * @property {string[]} imports import statements
 * @property {string} code reads `seed` where `readsSeed` says so
 * @property {string} type of its variable, for tools that want annotations
 * @property {string} heading text above the code, for people
 * @property {boolean} readsSeed reads the number in the file seed.txt, which is the data of the project
 * @property {boolean} isEnding its variable is `{"checksum": …}`, which goes into the file that `resultFile` names
 */

/**
 * @typedef {object} Replacement
 * @property {string} block
 * @property {string} from
 * @property {string} to
 */

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} about one sentence for the page
 * @property {Block[]} blocks in topological order
 * @property {number} seed
 * @property {string} commented block that gets a comment
 * @property {Replacement} leaf changes what a block near the end makes
 * @property {Replacement} same changes the code of a block and not what it makes
 * @property {Block} branch a new block below one that has long been finished
 */

export const FIRST_SEED = 7;
/** The data of a project. */
export const SEED_FILE = 'seed.txt';
/** Names the file, outside of the project, to which a block adds its name when its code runs. */
export const RAN_VARIABLE = 'BENCH_RAN';

/** @param {string} id of an ending */
export const resultFile = id => `result-${id}.txt`;

/**
 * @param {string} id
 * @param {string[]} parents
 * @param {string} code
 * @param {{ imports?: string[], type?: string, readsSeed?: boolean }} [options]
 * @returns {Block}
 */
export function block(id, parents, code, { imports = [], type = 'dict', readsSeed = false } = {}) {
  return {
    id,
    parents,
    imports: ['import os', ...imports],
    code,
    type,
    heading: `### ${id}`,
    readsSeed,
    isEnding: false,
  };
}

/**
 * A block that ends a line of work with the checksum of a value.
 * @param {string} id
 * @param {string[]} parents
 * @param {string} value Python for what counts; numbers in it have to be rounded
 * @param {string[]} [imports]
 */
export function ending(id, parents, value, imports = []) {
  const code = `_text = json.dumps(${value}, sort_keys=True)
${id} = {"checksum": hashlib.sha256(_text.encode()).hexdigest()[:16]}`;
  const made = block(id, parents, code, { imports: ['import hashlib', 'import json', ...imports] });
  return { ...made, isEnding: true };
}

/** The code of a block as every tool runs it: it tells that it runs. @param {Block} block */
export const tellingCode = ({ id, code }) =>
  `print("${id}", file=open(os.environ["${RAN_VARIABLE}"], "a"), flush=True)\n${code}`;

/** How large a workload is at a scale. @param {number} full @param {number} scale @param {number} least */
export const scaled = (full, scale, least) => Math.max(least, Math.round(full * scale));

/** @param {Workload} workload @param {string} id */
export function blockOf(workload, id) {
  const found = workload.blocks.find(each => each.id === id);
  if (found === undefined) throw new Error(`${workload.name} has no block ${id}`);
  return found;
}

/** A block and all below it. @param {Workload} workload @param {Iterable<string>} ids */
export function withDescendants({ blocks }, ids) {
  const found = new Set(ids);
  for (const { id, parents } of blocks) if (parents.some(parent => found.has(parent))) found.add(id);
  return found;
}
