// Ploomber: a task a notebook, tasks in parallel.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { programsOf } from '../environments.mjs';
import { blockNotebook } from '../notebook.mjs';
import { write, writeNotebook, writeSeed } from '../place.mjs';
import { SEED_FILE } from '../workloads/block.mjs';

/** Ploomber names products and upstream ones in a cell that it fills in. @param {import('../workloads/block.mjs').Block} block */
function taskNotebook(block) {
  const parameters = [
    `upstream = ${block.parents.length === 0 ? 'None' : JSON.stringify(block.parents)}`,
    'product = None',
    ...(block.readsSeed ? ['resources_ = None'] : []),
  ];
  const load = block.parents.map(
    parent => `${parent} = pickle.load(open(upstream["${parent}"]["value"], "rb"))`,
  );
  const store = `with open(product["value"], "wb") as _file:\n    pickle.dump(${block.id}, _file, protocol=5)`;
  return blockNotebook(block, {
    before: [
      { kind: 'code', source: parameters.join('\n'), tags: ['parameters'] },
      { kind: 'code', source: ['import pickle', ...load].join('\n') },
    ],
    after: [{ kind: 'code', source: store }],
  });
}

/** @type {import('./index.mjs').Tool} */
export const ploomber = {
  name: 'Ploomber',
  about:
    '`ploomber build` of a task a notebook, with the parallel executor; data files declared as resources; ' +
    'runs all below a task that ran',
  environment: 'ploomber',
  variables: () => ({ PLOOMBER_STATS_ENABLED: 'false', PLOOMBER_VERSION_CHECK_DISABLED: 'true' }),
  write(place, { blocks, seed }, changed) {
    writeSeed(place, seed);
    const tasks = blocks.map(({ id, readsSeed }) => ({
      name: id,
      source: `${id}.ipynb`,
      product: { nb: `out/${id}.ipynb`, value: `out/${id}.pickle` },
      ...(readsSeed ? { params: { resources_: { seed: SEED_FILE } } } : {}),
    }));
    const pipeline = {
      meta: { extract_upstream: true, extract_product: false },
      executor: { dotted_path: 'ploomber.executors.Parallel', processes: availableParallelism() },
      tasks,
    };
    // JSON is YAML, too.
    write(place, 'pipeline.yaml', JSON.stringify(pipeline, null, 1));
    for (const block of changed) writeNotebook(place, block.id, taskNotebook(block));
  },
  command: () => [join(programsOf('ploomber'), 'ploomber'), 'build'],
};
