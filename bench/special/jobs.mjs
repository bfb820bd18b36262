// *compute* with two workers beside one.
import { openProject, timedRun, writeProject } from '../dagpy/program.mjs';
import { asRatio, inSeconds, ratio, summary } from '../figures.mjs';
import { closePlace } from '../place.mjs';
import { row } from '../rows.mjs';
import { compute } from '../workloads/compute.mjs';

/** @param {import('./index.mjs').Options} options */
export async function jobs({ repeat, scale }) {
  const place = openProject();
  writeProject(place, compute(scale));
  await timedRun(place);
  const [one, two] = [[], []];
  for (let round = 0; round < repeat; round += 1) {
    one.push(await timedRun(place, 'all', '--force', '--jobs', '1'));
    two.push(await timedRun(place, 'all', '--force', '--jobs', '2'));
  }
  closePlace(place);
  const faster = ratio(one, two);
  const text = `${asRatio(faster)} (${inSeconds(summary(one))} beside ${inSeconds(summary(two))})`;
  return [row('*compute*: two workers faster than one', '≥ 1.8×', text, faster.median >= 1.8)];
}
