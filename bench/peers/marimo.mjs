// marimo: all blocks as cells of one reactive notebook, each under its persistent cache.
import { join } from 'node:path';
import { programsOf } from '../environments.mjs';
import { READ_SEED, writeResult } from '../notebook.mjs';
import { write, writeSeed } from '../place.mjs';
import { tellingCode } from '../workloads/block.mjs';
import { importsOf, indented } from './functions.mjs';

/** @param {string} body @param {readonly string[]} reads @param {readonly string[]} makes */
const cell = (body, reads, makes) =>
  `@app.cell\ndef _(${reads.join(', ')}):\n${indented(body)}\n    return (${makes.map(name => `${name},`).join(' ')})\n`;

/** Names that an import statement binds. @param {string} statement */
const boundBy = statement => statement.split(' ').at(-1);

/** @param {import('../workloads/block.mjs').Block} block */
function cellsOf(block) {
  const code = tellingCode(block);
  const reads = [
    ...block.parents,
    ...(block.readsSeed ? ['seed'] : []),
    'mo',
    ...block.imports.map(boundBy).filter(name => code.includes(`${name}.`)),
  ];
  const cached = `with mo.persistent_cache("${block.id}"):\n${indented(code)}`;
  return [
    cell(cached, reads, [block.id]),
    ...(block.isEnding ? [cell(writeResult(block), [block.id], [])] : []),
  ];
}

/** @type {import('./index.mjs').Tool} */
export const marimo = {
  name: 'marimo',
  about:
    'one notebook with a cell a block, its code under `mo.persistent_cache`, run as `python app.py`: one cell at a time in ' +
    'one process; the data file is read by a cell that always runs',
  environment: 'marimo',
  write(place, { blocks, seed }) {
    writeSeed(place, seed);
    const imports = importsOf(blocks);
    const parts = [
      'import marimo\n\napp = marimo.App()\n',
      cell(['import marimo as mo', ...imports].join('\n'), [], ['mo', ...imports.map(boundBy)]),
      cell(READ_SEED, [], ['seed']),
      ...blocks.flatMap(cellsOf),
      'if __name__ == "__main__":\n    app.run()\n',
    ];
    write(place, 'app.py', parts.join('\n\n'));
  },
  command: () => [join(programsOf('marimo'), 'python'), 'app.py'],
};
