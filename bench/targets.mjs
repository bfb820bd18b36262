// The targets that sessions beside the peers answer. Those of measurements of our own come with these.
import { terminal, throughDaemon } from './dagpy/tools.mjs';
import { asRatio, inMilliseconds, inSeconds, ratio, summary } from './figures.mjs';
import { dvc } from './peers/dvc.mjs';
import { oneNotebook } from './peers/oneNotebook.mjs';
import { papermill } from './peers/papermill.mjs';
import { ploomber } from './peers/ploomber.mjs';
import { snakemake } from './peers/snakemake.mjs';
import { row } from './rows.mjs';

/** @typedef {import('./rows.mjs').Row} Row */

/** @param {import('./results.mjs').Results} results @param {string} name of a workload @param {number} blocks @returns {Row[]} */
function ofTrivialBlocks(results, name, blocks) {
  const rows = [];
  for (const [tool, how] of [
    [terminal, 'start included'],
    [throughDaemon, 'through a warm daemon'],
  ]) {
    const each = results.seconds(name, 'cold', tool.name)?.map(seconds => seconds / blocks);
    if (each === undefined) continue;
    const { median } = summary(each);
    rows.push(
      row(`*${name}*, cold: a block, ${how}`, '≤ 30 ms', inMilliseconds(summary(each)), median <= 0.03),
    );
  }
  const ours = results.seconds(name, 'cold', terminal.name);
  if (ours === undefined) return rows;
  const beside = results.seconds(name, 'cold', papermill.name);
  if (beside !== undefined) {
    const faster = ratio(beside, ours);
    const text = `${asRatio(faster)} (${inSeconds(summary(beside))} beside ${inSeconds(summary(ours))})`;
    rows.push(
      row(`*${name}*, cold: faster than papermill block by block`, '≥ 20×', text, faster.median >= 20),
    );
  }
  return rows;
}

/** @param {import('./results.mjs').Results} results @returns {Row[]} */
function ofAnalysis(results) {
  const beside = results.seconds('analysis', 'cold', oneNotebook.name);
  if (beside === undefined) return [];
  return [
    { tool: terminal, how: 'from nothing running', most: 1.1 },
    { tool: throughDaemon, how: 'through a warm daemon', most: 0.7 },
  ].flatMap(({ tool, how, most }) => {
    const ours = results.seconds('analysis', 'cold', tool.name);
    if (ours === undefined) return [];
    const part = ratio(ours, beside);
    const text = `${asRatio(part)} (${inSeconds(summary(ours))} beside ${inSeconds(summary(beside))})`;
    return [
      row(
        `*analysis*, cold, ${how}: of the time of one notebook in one kernel`,
        `≤ ${most}×`,
        text,
        part.median <= most,
      ),
    ];
  });
}

/** @param {import('./results.mjs').Results} results @param {string} name of a workload @returns {Row[]} */
function ofNothingChanged(results, name) {
  const ours = results.seconds(name, 'nothing changed', terminal.name);
  const names = [ploomber, snakemake, dvc].map(peer => peer.name);
  const fastest = results.fastest(name, 'nothing changed', names);
  if (ours === undefined || fastest === undefined) return [];
  const faster = ratio(fastest.seconds, ours);
  const text = `${asRatio(faster)} (${fastest.tool} ${inSeconds(summary(fastest.seconds))} beside ${inSeconds(summary(ours))})`;
  const what = `*${name}*, nothing changed: faster than the fastest of Ploomber, Snakemake and DVC`;
  return [row(what, '≥ 5×', text, faster.median >= 5)];
}

/** @param {import('./results.mjs').Results} results @param {import('./workloads/block.mjs').Workload} workload */
export function targetsOf(results, { name, blocks }) {
  const isTrivial = name === 'wide' || name === 'chain';
  return [
    ...(isTrivial ? ofTrivialBlocks(results, name, blocks.length) : []),
    ...(name === 'analysis' ? ofAnalysis(results) : []),
    ...ofNothingChanged(results, name),
  ];
}
