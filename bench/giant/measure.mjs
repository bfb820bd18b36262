// *giant*: a million blocks and three million edges in the engine alone, whatever the order in which they are listed.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../../scripts/tools.mjs';
import { node } from '../dagpy/program.mjs';
import { inMegabytes, inMilliseconds, inSeconds, summary } from '../figures.mjs';
import { output } from '../measure.mjs';
import { remark, row } from '../rows.mjs';
import { ORDERS } from './project.mjs';

const BLOCKS = 1_000_000;
const MOST_BYTES = 500e6;
/** A heap that may not grow as long as there is memory, so that what is told is what is needed. Megabytes. */
const FLAGS = ['--max-old-space-size=240', '--max-semi-space-size=8', '--expose-gc'];

const simulation = join(root, 'build', 'bench', 'giant.mjs');

/** The engine's modules as the program has them: in one file, so that no compiler takes memory beside them. */
const makeSimulation = () =>
  build({
    entryPoints: [join(root, 'bench', 'giant', 'simulate.mjs')],
    outfile: simulation,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
  });

/** @param {number} size @param {string} order */
const simulated = async (size, order) =>
  JSON.parse(await output([node, ...FLAGS, simulation, String(size), order], { cwd: root, env: {} }));

/** @param {import('../special/index.mjs').Options} options */
export async function giant({ repeat, scale }) {
  await makeSimulation();
  const size = Math.round(BLOCKS * scale);
  const rows = [];
  const rounds = new Map(ORDERS.map(order => [order, []]));
  for (let round = 0; round < repeat; round += 1)
    for (const order of ORDERS) rounds.get(order).push(await simulated(size, order));
  for (const [order, seen] of rounds) {
    const of = name => summary(seen.map(each => each[name]));
    const what = `*giant*, ${size.toLocaleString('en')} blocks, ${seen[0].edges.toLocaleString('en')} edges, ${order}`;
    const within = (name, most) => of(name).median <= most;
    const memory = `${inMegabytes(of('runMemory'))}, of which the project itself ${inMegabytes(of('given'))}`;
    rows.push(
      row(`${what}: plan`, '≤ 2 s', inSeconds(of('planSeconds')), within('planSeconds', 2)),
      row(`${what}: simulated run`, '≤ 5 s', inSeconds(of('runSeconds')), within('runSeconds', 5)),
      row(`${what}: memory of the process`, '< 500 MB', memory, of('runMemory').median < MOST_BYTES),
      row(
        `${what}: status of one changed block`,
        '≤ 50 ms',
        inMilliseconds(of('oneSeconds')),
        within('oneSeconds', 0.05),
      ),
      remark(
        `${what}: a loop that looks at each block and its parents, makes one digest and stores an answer`,
        inSeconds(of('leastSeconds')),
      ),
      remark(`${what}: opening the changed project beforehand`, inSeconds(of('openSeconds'))),
      remark(`${what}: status of all blocks after one changed`, inSeconds(of('allSeconds'))),
    );
  }
  return rows;
}
