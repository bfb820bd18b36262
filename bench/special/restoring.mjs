// A gigabyte of arrays whose stamps are known: from asking for a run to the end of the first access of a block that reads it,
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

/** Such a run takes so little that more of them cost nothing. */
const TIMES = 3;

/** Seconds from asking for a run to the end of the cells of a block, and to its own end. @param {readonly any[]} events */
function timesOf(events, id) {
  const at = name => {
    const found = events.filter(({ event, block }) => event === name && block === id);
    if (found.length === 0) throw new Error(`the daemon told no ${name} of ${id}`);
    return found.at(-1).at;
  };
  return { accessed: at('cellFinished'), ended: at('blockExecuted') };
}

/** @param {import('./index.mjs').Options} options */
export async function restoring({ repeat, scale }) {
  const place = openProject();
  const length = Math.max(1000, Math.round(LENGTH * scale));
  let turns = { of_big: 0, of_small: 0 };
  const project = () => ({
    name: 'restoring',
    seed: FIRST_SEED,
    blocks: [
      arrays('big', length),
      arrays('small', 10),
      reader('of_big', 'big', turns.of_big),
      reader('of_small', 'small', turns.of_small),
    ],
  });
  writeProject(place, project());
  const daemon = await startDaemon(place);
  const seen = { of_big: [], of_small: [] };
  try {
    await daemon.run();
    for (let round = 0; round < TIMES * repeat + 1; round += 1) {
      for (const id of round % 2 === 0 ? ['of_big', 'of_small'] : ['of_small', 'of_big']) {
        turns = { ...turns, [id]: turns[id] + 1 };
        writeProject(place, project());
        const { events } = await daemon.run();
        // The first time, stamps may be new.
        if (round > 0) seen[id].push(timesOf(events, id));
      }
    }
  } finally {
    await daemon.end();
  }
  const [big, small] = [seen.of_big, seen.of_small].map(times => times.map(({ accessed }) => accessed));
  const [bigEnd, smallEnd] = [seen.of_big, seen.of_small].map(times => times.map(({ ended }) => ended));
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
    remark(
      `a block that reads ${size} of arrays, from asking for a run to its end`,
      inMilliseconds(summary(bigEnd)),
    ),
    remark(
      'a block that reads next to nothing, from asking for a run to its end',
      inMilliseconds(summary(smallEnd)),
    ),
  ];
}
