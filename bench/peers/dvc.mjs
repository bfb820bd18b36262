// DVC: a stage a notebook, run by papermill.
import { join } from 'node:path';
import { programsOf } from '../environments.mjs';
import { output } from '../measure.mjs';
import { blockNotebook, handedOnAsFiles } from '../notebook.mjs';
import { write, writeNotebook, writeSeed } from '../place.mjs';
import { resultFile, SEED_FILE } from '../workloads/block.mjs';

const program = name => join(programsOf('dvc'), name);
const valueOf = id => `out/${id}.pickle`;

/** @type {import('./index.mjs').Tool} */
export const dvc = {
  name: 'DVC',
  about:
    '`dvc repro` without Git, a stage a block whose command is papermill; one stage at a time; a notebook counts as a ' +
    'file, so a comment counts',
  environment: 'dvc',
  variables: () => ({ DVC_NO_ANALYTICS: 'true' }),
  write(place, { blocks, seed }, changed) {
    writeSeed(place, seed);
    write(place, 'out/.keep', '');
    const stages = blocks.map(({ id, parents, readsSeed, isEnding }) => [
      id,
      {
        cmd: `papermill --no-progress-bar ${id}.ipynb out/${id}.ipynb`,
        deps: [`${id}.ipynb`, ...parents.map(valueOf), ...(readsSeed ? [SEED_FILE] : [])],
        outs: [valueOf(id), ...(isEnding ? [resultFile(id)] : [])],
      },
    ]);
    // JSON is YAML, too.
    write(place, 'dvc.yaml', JSON.stringify({ stages: Object.fromEntries(stages) }, null, 1));
    for (const block of changed) writeNotebook(place, block.id, blockNotebook(block, handedOnAsFiles(block)));
  },
  async setUp({ folder, env }) {
    for (const args of [
      ['init', '--no-scm', '--quiet'],
      ['config', 'core.analytics', 'false'],
      ['config', 'core.check_update', 'false'],
    ])
      await output([program('dvc'), ...args], { cwd: folder, env });
  },
  command: () => [program('dvc'), 'repro'],
};
