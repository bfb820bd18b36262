// Snakemake: a rule a notebook.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { programsOf } from '../environments.mjs';
import { blockNotebook } from '../notebook.mjs';
import { write, writeNotebook, writeSeed } from '../place.mjs';
import { SEED_FILE } from '../workloads/block.mjs';

const valueOf = id => `out/${id}.pickle`;

/** @param {import('../workloads/block.mjs').Block} block */
function rule({ id, parents, readsSeed }) {
  const inputs = [
    ...parents.map(parent => `        ${parent}="${valueOf(parent)}",\n`),
    ...(readsSeed ? [`        seed_file="${SEED_FILE}",\n`] : []),
  ];
  const input = inputs.length === 0 ? '' : `    input:\n${inputs.join('')}`;
  return `rule ${id}:\n${input}    output: "${valueOf(id)}"\n    notebook: "${id}.ipynb"\n`;
}

/** @param {import('../workloads/block.mjs').Block} block */
function ruleNotebook(block) {
  const load = block.parents.map(
    parent => `${parent} = pickle.load(open(snakemake.input["${parent}"], "rb"))`,
  );
  const store = `with open(snakemake.output[0], "wb") as _file:\n    pickle.dump(${block.id}, _file, protocol=5)`;
  return blockNotebook(block, {
    before: [{ kind: 'code', source: ['import pickle', ...load].join('\n') }],
    after: [{ kind: 'code', source: store }],
  });
}

/** @type {import('./index.mjs').Tool} */
export const snakemake = {
  name: 'Snakemake',
  about:
    '`snakemake --cores`, a rule with the `notebook:` directive a block; goes by the times of files; every notebook ' +
    'is run by a process of its own that starts a kernel',
  environment: 'snakemake',
  write(place, { blocks, seed }, changed) {
    writeSeed(place, seed);
    const endings = blocks.filter(({ isEnding }) => isEnding).map(({ id }) => `"${valueOf(id)}"`);
    const all = `rule all:\n    input: ${endings.join(', ')}\n`;
    write(place, 'Snakefile', [all, ...blocks.map(rule)].join('\n'));
    for (const block of changed) writeNotebook(place, block.id, ruleNotebook(block));
  },
  command: () => [
    join(programsOf('snakemake'), 'snakemake'),
    '--cores',
    String(availableParallelism()),
    '--quiet',
  ],
};
