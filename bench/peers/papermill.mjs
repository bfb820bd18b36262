// A kernel a block and values as dill files: the way the original DAGpy went.
import { join } from 'node:path';
import { root } from '../../scripts/tools.mjs';
import { programsOf } from '../environments.mjs';
import { blockNotebook, handedOnAsFiles } from '../notebook.mjs';
import { write, writeNotebook, writeSeed } from '../place.mjs';
import { SEED_FILE } from '../workloads/block.mjs';

/** @type {import('./index.mjs').Tool} */
export const papermill = {
  name: 'papermill, dill files',
  about:
    'a script that runs with papermill, one after another, the blocks whose notebook or declared data file has another ' +
    'digest, and all below them; values as dill files',
  environment: 'notebooks',
  write(place, { blocks, seed }, changed) {
    writeSeed(place, seed);
    write(place, 'out/.keep', '');
    const declared = blocks.map(({ id, parents, readsSeed }) => [
      id,
      { parents, files: [`${id}.ipynb`, ...(readsSeed ? [SEED_FILE] : [])] },
    ]);
    write(place, 'blocks.json', JSON.stringify(Object.fromEntries(declared)));
    for (const block of changed)
      writeNotebook(place, block.id, blockNotebook(block, handedOnAsFiles(block, 'dill')));
  },
  command: () => [
    join(programsOf('notebooks'), 'python'),
    join(root, 'bench', 'peers', 'papermill_blocks.py'),
  ],
};
