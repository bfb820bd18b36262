// What a run takes beyond the blocks' own time where blocks take a little more than a second.
import { startDaemon } from '../dagpy/daemon.mjs';
import { answer, openProject, pythonOf, timedRun, writeProject } from '../dagpy/program.mjs';
import { inPercent, ratio, summary } from '../figures.mjs';
import { output } from '../measure.mjs';
import { closePlace } from '../place.mjs';
import { remark, row } from '../rows.mjs';
import { block, FIRST_SEED } from '../workloads/block.mjs';

const BLOCKS = 8;
/** Of each block, as its loop takes in a plain script. */
const SECONDS = 1.2;
/** Turns by which it is found out how many that are. */
const TRIED_TURNS = 500_000;

const loop = turns => `_sum = 0
for _i in range(${turns}):
    _sum += _i & 7`;

/** The same loops in a plain script, which prints what they took. @param {number} turns */
const plain = turns => `import time
_began = time.perf_counter()
${`${loop(turns)}\n`.repeat(BLOCKS)}
print(time.perf_counter() - _began)`;

/** Blocks one after another. @param {number} turns @param {number} edit makes the code another one */
function blocksOf(turns, edit) {
  const name = place => `step_${place}`;
  return Array.from({ length: BLOCKS }, (_, place) => {
    const parents = place === 0 ? [] : [name(place - 1)];
    const before = place === 0 ? '0' : `${name(place - 1)}["x"]`;
    return block(
      name(place),
      parents,
      `${loop(turns)}\n${name(place)} = {"x": ${before} + _sum % 7 + ${edit}}`,
    );
  });
}

const timedScript = async ({ folder: cwd, env }, turns) =>
  Number(await output([pythonOf(), '-c', plain(turns)], { cwd, env }));

/** @param {import('./index.mjs').Options} options */
export async function overhead({ repeat, scale }) {
  const project = edit => ({ name: 'overhead', seed: FIRST_SEED, blocks: blocksOf(turns, edit) });
  const [alone, served] = [openProject(), openProject()];
  const turns = Math.round(
    (SECONDS * scale * TRIED_TURNS * BLOCKS) / (await timedScript(alone, TRIED_TURNS)),
  );
  for (const place of [alone, served]) writeProject(place, project(0));
  const daemon = await startDaemon(served);
  const [extra, extraThere, own, script] = [[], [], [], []];
  try {
    for (let round = 0; round < repeat; round += 1) {
      for (const place of [alone, served]) writeProject(place, project(round));
      const seconds = await timedRun(alone, '--jobs', '1');
      const { blocks } = await answer(alone, 'status');
      const inBlocks = blocks.reduce((sum, each) => sum + each.seconds, 0);
      extra.push(seconds / inBlocks - 1);
      own.push(inBlocks);
      const there = await daemon.run({ jobs: 1 });
      const done = there.events.filter(({ event }) => event === 'blockExecuted');
      extraThere.push(there.seconds / done.reduce((sum, each) => sum + each.seconds, 0) - 1);
      script.push(await timedScript(alone, turns));
    }
  } finally {
    await daemon.end();
  }
  for (const place of [alone, served]) closePlace(place);
  const [here, there] = [summary(extra), summary(extraThere)];
  const slower = ratio(own, script);
  const less = number => number - 1;
  return [
    row(
      `${BLOCKS} blocks of ${SECONDS} s, one after another, from nothing running: more than their own time`,
      '≤ 2.5 %',
      inPercent(here),
      here.median <= 0.025,
    ),
    row(
      `${BLOCKS} blocks of ${SECONDS} s, one after another, asked of the daemon: more than their own time`,
      '≤ 2.5 %',
      inPercent(there),
      there.median <= 0.025,
    ),
    remark(
      'the own time of these blocks, beyond that of the same loops in a plain script',
      inPercent({
        ...slower,
        median: less(slower.median),
        low: less(slower.low),
        high: less(slower.high),
      }),
    ),
  ];
}
