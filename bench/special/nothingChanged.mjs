// `dagpy run` with nothing to do, beside Node that does nothing; and whether any Python starts meanwhile.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProject, timedNode, timedRun, writeProject } from '../dagpy/program.mjs';
import { asRatio, difference, inMilliseconds, ratio, summary } from '../figures.mjs';
import { closePlace } from '../place.mjs';
import { remark, row } from '../rows.mjs';
import { analysis } from '../workloads/analysis.mjs';
import { scaled } from '../workloads/block.mjs';
import { wide } from '../workloads/small.mjs';

/** A root and an end are added. */
const MANY = 998;
/** Such a run takes so little that more of them cost nothing. */
const TIMES = 4;

/** A project that was run, and run again so that it is known that nothing is to do. @param {import('../workloads/block.mjs').Workload} workload */
async function finished(workload) {
  const place = openProject();
  writeProject(place, workload);
  for (let run = 0; run < 3; run += 1) await timedRun(place);
  return place;
}

/** Forgets that nothing was to do, so that every block is judged anew. */
const forgetVerdicts = ({ folder }) =>
  rmSync(join(folder, '.dagpy', 'verdicts'), { recursive: true, force: true });

/** Pythons that start while nothing is to do: each leaves a line, by a module that every Python imports at its start. */
async function pythonStarts() {
  const place = openProject();
  const spy = join(place.folder, '..', 'spy');
  const starts = join(spy, 'starts.log');
  mkdirSync(spy);
  writeFileSync(
    join(spy, 'sitecustomize.py'),
    `with open(${JSON.stringify(starts)}, "a") as log:\n    print("started", file=log)\n`,
  );
  place.env.PYTHONPATH = spy;
  writeProject(place, analysis(0));
  await timedRun(place);
  if (!existsSync(starts)) throw new Error('the spy saw no Python start in a cold run');
  writeFileSync(starts, '');
  await timedRun(place);
  forgetVerdicts(place);
  await timedRun(place);
  const count = readFileSync(starts, 'utf8').split('\n').length - 1;
  closePlace(place);
  return count;
}

/** @param {import('./index.mjs').Options} options */
export async function nothingChanged({ repeat, scale }) {
  const few = await finished(analysis(0));
  const many = await finished(wide(scale, MANY));
  const count = scaled(MANY, scale, 4) + 2;
  const [bare, ofFew, ofMany, fewAnew, manyAnew] = [[], [], [], [], []];
  for (let round = 0; round < TIMES * repeat; round += 1) {
    bare.push(await timedNode(few));
    ofFew.push(await timedRun(few));
    ofMany.push(await timedRun(many));
  }
  for (let round = 0; round < repeat; round += 1) {
    for (const place of [few, many]) forgetVerdicts(place);
    fewAnew.push(await timedRun(few));
    manyAnew.push(await timedRun(many));
  }
  closePlace(few);
  closePlace(many);
  const starts = await pythonStarts();
  const part = ratio(ofFew, bare);
  const more = difference(ofMany, bare);
  const beside = `${inMilliseconds(summary(bare))} bare Node`;
  return [
    row(
      'nothing changed, 12 blocks: of the time of bare Node',
      '≤ 3×',
      `${asRatio(part)} (${inMilliseconds(summary(ofFew))} beside ${beside})`,
      part.median <= 3,
    ),
    row(
      `nothing changed, ${count.toLocaleString('en')} blocks: more than bare Node`,
      '≤ 100 ms',
      `${inMilliseconds(more)} (${inMilliseconds(summary(ofMany))} beside ${beside})`,
      more.median <= 0.1,
    ),
    row('nothing changed: Python processes started', '0', String(starts), starts === 0),
    remark('nothing changed, 12 blocks, each judged anew', inMilliseconds(summary(fewAnew))),
    remark(
      `nothing changed, ${count.toLocaleString('en')} blocks, each judged anew`,
      inMilliseconds(summary(manyAnew)),
    ),
  ];
}
