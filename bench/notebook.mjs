// Blocks as notebooks of nbformat 4.
import { resultFile, SEED_FILE, tellingCode } from './workloads/block.mjs';

/** @typedef {import('./workloads/block.mjs').Block} Block */

/** @typedef {{ kind: 'code' | 'markdown', source: string, tags?: string[] }} Cell */

/** Python that reads the data of a project. */
export const READ_SEED = `seed = int(open("${SEED_FILE}").read())`;

/** Python that puts the checksum of an ending where the harness looks for it. @param {Block} block */
export const writeResult = ({ id }) => `_ = open("${resultFile(id)}", "w").write(${id}["checksum"])`;

/** @param {readonly Cell[]} cells */
export function notebook(cells) {
  return {
    cells: cells.map(({ kind, source, tags = [] }, place) => ({
      id: `cell-${place}`,
      cell_type: kind,
      metadata: tags.length === 0 ? {} : { tags },
      source,
      ...(kind === 'code' ? { outputs: [], execution_count: null } : {}),
    })),
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
      language_info: { name: 'python' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** What a person would type for a block: a heading, imports, the work. @param {Block} block @returns {Cell[]} */
export function cellsOf(block) {
  return [
    { kind: 'markdown', source: block.heading },
    { kind: 'code', source: block.imports.join('\n') },
    {
      kind: 'code',
      source: block.readsSeed ? `${READ_SEED}\n${tellingCode(block)}` : tellingCode(block),
    },
    ...(block.isEnding ? [{ kind: /** @type {const} */ ('code'), source: writeResult(block) }] : []),
  ];
}

/** The block with cells of a tool's own around it. @param {Block} block @param {{ before?: Cell[], after?: Cell[] }} [around] */
export const blockNotebook = (block, { before = [], after = [] } = {}) =>
  notebook([...before, ...cellsOf(block), ...after]);

/** All blocks in one notebook. @param {readonly Block[]} blocks */
export const wholeNotebook = blocks => notebook(blocks.flatMap(cellsOf));

/** All blocks in one script. @param {readonly Block[]} blocks */
export const script = blocks =>
  blocks
    .flatMap(cellsOf)
    .filter(({ kind }) => kind === 'code')
    .map(({ source }) => `${source}\n`)
    .join('');

/** Cells that hand values on as files `out/<block>.pickle`. @param {Block} block @param {'pickle' | 'dill'} [module] */
export function handedOnAsFiles({ id, parents }, module = 'pickle') {
  const load = parents.map(parent => `${parent} = ${module}.load(open("out/${parent}.pickle", "rb"))`);
  const store = `with open("out/${id}.pickle", "wb") as _file:\n    ${module}.dump(${id}, _file, protocol=5)`;
  return {
    before: [{ kind: /** @type {const} */ ('code'), source: [`import ${module}`, ...load].join('\n') }],
    after: [{ kind: /** @type {const} */ ('code'), source: store }],
  };
}
