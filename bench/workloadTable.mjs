// The table of a workload: a row a scenario, a column a tool.
import { tableRow } from '../scripts/writtenPart.mjs';
import { asRatio, inSeconds, ratio, summary } from './figures.mjs';

/** @param {import('./results.mjs').Cell | undefined} cell */
function cellText(cell) {
  if (cell === undefined) return 'failed';
  const counts = [...new Set(cell.ran)].sort((a, b) => a - b).join('/');
  const isRight = cell.verdicts.every(verdict => verdict === 'right');
  return `${inSeconds(summary(cell.seconds))} · ${counts}${isRight ? '' : ' **STALE**'}`;
}

/**
 * @param {import('./workloads/block.mjs').Workload} workload
 * @param {import('./results.mjs').Results} results
 * @param {readonly import('./peers/index.mjs').Tool[]} ours the first of them is what the ratio is about
 * @param {readonly import('./peers/index.mjs').Tool[]} peers
 * @param {ReadonlyMap<string, string>} absent tools that could not be set up, with the reason
 * @param {readonly import('./scenarios.mjs').Scenario[]} told
 * @returns {string[]} lines
 */
export function workloadTable(workload, results, ours, peers, absent, told) {
  const tools = [...ours, ...peers];
  const head = ['scenario', 'least', ...tools.map(({ name }) => name)];
  const columns = ours.map(({ name }) => `fastest peer ÷ ${name}`);
  const rows = [];
  let state = workload;
  for (const scenario of told) {
    const { name } = scenario;
    state = scenario.edit(state);
    const cells = tools.map(tool =>
      absent.has(tool.name) ? 'not set up' : cellText(results.find(workload.name, name, tool.name)),
    );
    const peerNames = peers.map(peer => peer.name);
    const ratios = ours.map(mine => {
      const own = results.seconds(workload.name, name, mine.name);
      const fastest = results.fastest(workload.name, name, peerNames);
      return own === undefined || fastest === undefined
        ? '–'
        : `${asRatio(ratio(fastest.seconds, own))} · ${fastest.tool}`;
    });
    rows.push([name, String(scenario.least(state)), ...cells, ...ratios]);
  }
  const failures = tools.flatMap(({ name }) => {
    const [what, why] = absent.has(name)
      ? ['could not be set up', absent.get(name)]
      : ['did not come to its end', results.failure(workload.name, name)];
    return why === undefined ? [] : [`- ${name} ${what}: \`${oneLine(why)}\``];
  });
  return [
    tableRow([...head, ...columns]),
    tableRow([...head, ...columns].map(() => '---')),
    ...rows.map(tableRow),
    ...(failures.length === 0 ? [] : ['', ...failures]),
  ];
}

/** Longest reason that is quoted. */
const LONGEST = 240;

/** The end of a message, where the reason stands, without names of folders and servers. @param {string} text */
function oneLine(text) {
  const line = text
    .replace(/\b\w+:\/\/\S+/g, '…')
    .replace(/(?<![\w.])\/(?:[^\s/:'"]+\/)+/g, '')
    .replace(/[`|\s]+/g, ' ')
    .trim();
  return line.length <= LONGEST ? line : `… ${line.slice(-LONGEST)}`;
}
