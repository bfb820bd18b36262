// From an edit of one leaf of *analysis* to its result, the time of the block itself taken off.
import { startDaemon } from '../dagpy/daemon.mjs';
import { answer, openProject, pythonOf, timedRun, writeProject } from '../dagpy/program.mjs';
import { inMilliseconds, summary } from '../figures.mjs';
import { pause, timed } from '../measure.mjs';
import { closePlace } from '../place.mjs';
import { remark, row } from '../rows.mjs';
import { analysis } from '../workloads/analysis.mjs';

/** Between runs and edits, as for whoever types; stamps of files are told apart then. */
const THINKING = 0.3;

/** A session whose leaf is edited again and again. */
function edited(scale) {
  const workload = analysis(scale);
  const { branch } = workload;
  const place = openProject();
  writeProject(place, { ...workload, blocks: [...workload.blocks, branch] });
  let turn = 0;
  return {
    place,
    leaf: branch.id,
    async edit() {
      await pause(THINKING);
      turn += 1;
      const code = branch.code.replace('.mean()', `.mean() + ${turn}`);
      if (code === branch.code) throw new Error('the leaf has changed its code');
      const changed = { ...branch, code };
      writeProject(place, { ...workload, blocks: [...workload.blocks, changed] }, [changed]);
    },
  };
}

const ownSeconds = async (place, leaf) =>
  (await answer(place, 'status')).blocks.find(({ id }) => id === leaf).seconds;

/** @param {import('./index.mjs').Options} options */
export async function leafEdit({ repeat, scale }) {
  const [alone, handed, asked] = [[], [], []];
  const inTerminal = edited(scale);
  await timedRun(inTerminal.place);
  const served = edited(scale);
  const daemon = await startDaemon(served.place);
  try {
    await timedRun(served.place);
    for (let round = 0; round < repeat; round += 1) {
      await inTerminal.edit();
      const seconds = await timedRun(inTerminal.place);
      alone.push(seconds - (await ownSeconds(inTerminal.place, inTerminal.leaf)));
      await served.edit();
      const there = await timedRun(served.place);
      handed.push(there - (await ownSeconds(served.place, served.leaf)));
      await served.edit();
      const run = await daemon.run();
      const done = run.events.filter(({ event }) => event === 'blockExecuted');
      if (done.length !== 1) throw new Error(`${done.length} blocks ran for one edited leaf`);
      asked.push(run.seconds - done[0].seconds);
    }
  } finally {
    await daemon.end();
  }
  const imports = [];
  const { folder: cwd, env, log } = inTerminal.place;
  for (let round = 0; round < repeat; round += 1)
    imports.push(await timed([pythonOf(), '-c', 'import numpy, pandas'], { cwd, env, log }));
  closePlace(inTerminal.place);
  closePlace(served.place);
  const [a, b, c, d] = [alone, handed, asked, imports].map(summary);
  const what = '*analysis*, one leaf edited: more than the block’s own time';
  return [
    row(`${what}, from a terminal, with nothing running`, '≤ 150 ms', inMilliseconds(a), a.median <= 0.15),
    row(`${what}, from a terminal beside a daemon`, '≤ 150 ms', inMilliseconds(b), b.median <= 0.15),
    row(`${what}, asked of the daemon`, '≤ 80 ms', inMilliseconds(c), c.median <= 0.08),
    remark('a Python that imports what *analysis* imports and ends', inMilliseconds(d)),
  ];
}
