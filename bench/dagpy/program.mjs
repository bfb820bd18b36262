// The program that is measured: the bundle of this checkout on the Node that comes with it.
import { join } from 'node:path';
import { bundleFolder, wheelNode } from '../../scripts/tools.mjs';
import { programsOf } from '../environments.mjs';
import { output, timed } from '../measure.mjs';
import { blockNotebook } from '../notebook.mjs';
import { openPlace, write, writeNotebook, writeSeed } from '../place.mjs';
import { resultFile } from '../workloads/block.mjs';

export const ENVIRONMENT = 'dagpy';
export const node = wheelNode() ?? process.execPath;
const bundle = join(bundleFolder, 'dagpy.cjs');

export const pythonOf = () => join(programsOf(ENVIRONMENT), 'python');

/** @param {readonly string[]} args */
export const command = args => [node, bundle, ...args];

/** @param {Record<string, string>} [more] variables */
export const openProject = (more = {}) => openPlace(ENVIRONMENT, { DAGPY_PYTHON: pythonOf(), ...more });

/**
 * Writes a project, or the blocks of it that changed.
 * @param {import('../place.mjs').Place} place
 * @param {import('../workloads/block.mjs').Workload} workload
 * @param {readonly import('../workloads/block.mjs').Block[]} changed
 */
export function writeProject(place, workload, changed = workload.blocks) {
  writeSeed(place, workload.seed);
  for (const block of changed) writeNotebook(place, block.id, blockNotebook(block));
  const blocks = workload.blocks.map(({ id, parents, isEnding }) => [
    id,
    {
      notebook: `${id}.ipynb`,
      ...(parents.length > 0 ? { parents } : {}),
      ...(isEnding ? { outputs: [resultFile(id)] } : {}),
    },
  ]);
  const dag = { version: 1, name: workload.name, kernel: 'python3', blocks: Object.fromEntries(blocks) };
  write(place, 'dag.json', `${JSON.stringify(dag, null, 2)}\n`);
}

/** Seconds of `dagpy run …`. @param {import('../place.mjs').Place} place @param {readonly string[]} args */
export const timedRun = ({ folder, env, log }, ...args) =>
  timed(command(['run', ...args]), { cwd: folder, env, log });

/** Seconds of Node that does nothing. @param {import('../place.mjs').Place} place */
export const timedNode = ({ folder, env, log }) => timed([node, '-e', '0'], { cwd: folder, env, log });

/** The one JSON document that a command prints. @param {import('../place.mjs').Place} place @param {readonly string[]} args */
export const answer = async ({ folder, env }, ...args) =>
  JSON.parse(await output(command([...args, '--json']), { cwd: folder, env }));
