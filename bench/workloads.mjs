// Projects to measure, made anew in a folder of their own: blocks as notebooks, and dag.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };

/** @param {string[]} sources one code cell each */
export function notebook(sources) {
  const cells = sources.map((source, place) => ({
    cell_type: 'code',
    execution_count: null,
    id: `cell-${place}`,
    metadata: {},
    outputs: [],
    source,
  }));
  return {
    cells,
    metadata: { kernelspec, language_info: { name: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** Writes a project. @param {Record<string, { parents: string[], cells: string[] }>} blocks in notebook order */
export function writeProject(folder, name, blocks) {
  mkdirSync(folder, { recursive: true });
  const declared = {};
  for (const [id, { parents, cells }] of Object.entries(blocks)) {
    writeFileSync(join(folder, `${id}.ipynb`), `${JSON.stringify(notebook(cells), null, 1)}\n`);
    declared[id] = { notebook: `${id}.ipynb`, ...(parents.length > 0 ? { parents } : {}) };
  }
  const dag = { version: 1, name, kernel: 'python3', blocks: declared };
  writeFileSync(join(folder, 'dag.json'), `${JSON.stringify(dag, null, 2)}\n`);
}

/** *wide*: one root, many independent trivial blocks. */
export function wide(width = 60) {
  const blocks = { root: { parents: [], cells: ['root = {"x": 7}'] } };
  for (let place = 0; place < width; place += 1) {
    const id = `w_${String(place).padStart(2, '0')}`;
    blocks[id] = { parents: ['root'], cells: [`_k = ${place}\n${id} = {"v": root["x"] * 31 + _k}\n${id}`] };
  }
  return blocks;
}

/** *chain*: each block reads what the one before it made, in four cells. */
export function chain(length = 12) {
  const blocks = {};
  for (let place = 0; place < length; place += 1) {
    const id = `c_${String(place).padStart(2, '0')}`;
    const before = place === 0 ? undefined : `c_${String(place - 1).padStart(2, '0')}`;
    const first =
      before === undefined ? '_values = [1, 2, 3]' : `_values = [item + 1 for item in ${before}["v"]]`;
    const cells = [first, '_total = sum(_values)', `${id} = {"v": _values, "total": _total}`, id];
    blocks[id] = { parents: before === undefined ? [] : [before], cells };
  }
  return blocks;
}

/** The same blocks for a runner that hands values on as files: the first cell loads what the block reads, the last stores. */
export function withPickles(id, { parents, cells }) {
  const load = parents.map(parent => `${parent} = pickle.load(open("${parent}.pickle", "rb"))`);
  return [['import pickle', ...load].join('\n'), ...cells, `pickle.dump(${id}, open("${id}.pickle", "wb"))`];
}
