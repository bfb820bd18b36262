// A gigabyte of arrays whose stamps are known, from the start of a block that reads it to the end of its first access,
// beside the same with next to nothing.
import { startDaemon } from '../dagpy/daemon.mjs';
import { openProject, writeProject } from '../dagpy/program.mjs';
import { difference, inMilliseconds, summary } from '../figures.mjs';
import { closePlace } from '../place.mjs';
import { remark, row } from '../rows.mjs';
import { block, FIRST_SEED } from '../workloads/block.mjs';
import { ARRAYS, LENGTH } from './gigabyte.mjs';

const numpy = { imports: ['import numpy as np'], type: 'list' };
const arrays = (id, length) =>
  block(id, [], `${id} = [np.arange(${length}, dtype="f8") + _i for _i in range(${ARRAYS})]`, numpy);
const reader = (id, parent, turn) =>
  block(id, [parent], `${id} = {"x": float(${parent}[0][0]) + float(${parent}[-1][-1]) + ${turn}}`);

/** Seconds from the start of a block to the end of its cells, and to its own end. @param {readonly any[]} events */
function timesOf(events, id) {
  const at = (name, last = false) => {
    const found = events.filter(({ event, block }) => event === name && block === id);
    if (found.length === 0) throw new Error(`the daemon told no ${name} of ${id}`);
    return (last ? found.at(-1) : found[0]).at;
  };
  const began = at('blockStarted');
  return { accessed: at('cellFinished', true) - began, ended: at('blockExecuted') - began };
}

/** @param {import('./index.mjs').Options} options */
export async function restoring({ repeat, scale }) {
  const place = openProject();
  const length = Math.max(1000, Math.round(LENGTH * scale));
  const project = turn => ({
    name: 'restoring',
    seed: FIRST_SEED,
    blocks: [
      arrays('big', length),
      arrays('small', 10),
      reader('of_big', 'big', turn),
      reader('of_small', 'small', turn),
    ],
  });
  writeProject(place, project(0));
  const daemon = await startDaemon(place);
  const [big, small, bigEnd, smallEnd] = [[], [], [], []];
  try {
    await daemon.run();
    for (let turn = 1; turn <= repeat + 1; turn += 1) {
      writeProject(place, project(turn));
      const { events } = await daemon.run({ jobs: 1 });
      // The first time, stamps may be new.
      if (turn === 1) continue;
      const [ofBig, ofSmall] = [timesOf(events, 'of_big'), timesOf(events, 'of_small')];
      big.push(ofBig.accessed);
      small.push(ofSmall.accessed);
      bigEnd.push(ofBig.ended);
      smallEnd.push(ofSmall.ended);
    }
  } finally {
    await daemon.end();
  }
  closePlace(place);
  const more = difference(big, small);
  const size = `${Math.round((length * 8 * ARRAYS) / 1e6).toLocaleString('en')} MB`;
  return [
    row(
      `restoring ${size} of arrays, to first access: more than next to nothing takes`,
      '≤ 10 ms',
      inMilliseconds(more),
      more.median <= 0.01,
    ),
    remark(`a block that reads ${size}, from start to end`, inMilliseconds(summary(bigEnd))),
    remark('a block that reads next to nothing, from start to end', inMilliseconds(summary(smallEnd))),
  ];
}
