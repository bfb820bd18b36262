// What ten blocks that read the same gigabyte at the same time add to the memory that one of them takes.
import { openProject, timedRun, writeProject } from '../dagpy/program.mjs';
import { difference, inMegabytes, inPercent, summary } from '../figures.mjs';
import { closePlace } from '../place.mjs';
import { remark, row } from '../rows.mjs';
import { block, FIRST_SEED, RAN_VARIABLE } from '../workloads/block.mjs';
import { ARRAYS, LENGTH } from './gigabyte.mjs';
import { watchMemory } from './processMemory.mjs';

const CHILDREN = 10;
/** How long a child stays after it has read everything, so that all are there at once; they start within less. */
const STAYS = 6;

/** @param {import('./index.mjs').Options} options */
export async function memory({ repeat, scale }) {
  const length = Math.max(1000, Math.round(LENGTH * scale));
  const ids = Array.from({ length: CHILDREN }, (_, place) => `child_${place}`);
  const numpy = ['import numpy as np'];
  const place = openProject();
  writeProject(place, {
    name: 'memory',
    seed: FIRST_SEED,
    blocks: [
      block('big', [], `big = [np.random.default_rng(_i).random(${length}) for _i in range(${ARRAYS})]`, {
        imports: numpy,
      }),
      ...ids.map(id =>
        block(id, ['big'], `${id} = {"x": float(sum(_part.sum() for _part in big))}\ntime.sleep(${STAYS})`, {
          imports: [...numpy, 'import time'],
        }),
      ),
    ],
  });
  await timedRun(place, 'big');
  const mostWhile = async targets => {
    const end = watchMemory(`${RAN_VARIABLE}=${place.env[RAN_VARIABLE]}`);
    try {
      await timedRun(place, ...targets, '--only', '--force', '--jobs', String(CHILDREN));
      return end();
    } finally {
      end();
    }
  };
  const [one, ten] = [[], []];
  for (let round = 0; round < repeat; round += 1) {
    one.push(await mostWhile([ids[0]]));
    ten.push(await mostWhile([...ids]));
  }
  closePlace(place);
  const bytes = length * 8 * ARRAYS;
  const each = difference(ten, one);
  const part = { ...each };
  for (const name of /** @type {const} */ (['median', 'low', 'high']))
    part[name] = each[name] / (CHILDREN - 1) / bytes;
  const size = inMegabytes(summary([bytes]));
  return [
    row(
      `memory that each further of ten children of a block of ${size} adds, of these`,
      '< 10 %',
      inPercent(part),
      part.median < 0.1,
    ),
    remark(`memory of all processes while one child has read ${size}`, inMegabytes(summary(one))),
    remark(`the same while ten children have`, inMegabytes(summary(ten))),
  ];
}
