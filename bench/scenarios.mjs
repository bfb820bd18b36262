// What happens to a project in a working session, one thing on top of another, and what it makes necessary.
import { blockOf, withDescendants } from './workloads/block.mjs';

/** @typedef {import('./workloads/block.mjs').Workload} Workload */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about
 * @property {(workload: Workload) => Workload} edit
 * @property {(workload: Workload) => number} least blocks that have to run after the edit, for whoever remembers all there was
 * @property {boolean} isSameResult the endings hold what they held after the scenario before
 */

/** @param {Workload} workload @param {string} id @param {Partial<import('./workloads/block.mjs').Block>} change */
function changed(workload, id, change) {
  blockOf(workload, id);
  return {
    ...workload,
    blocks: workload.blocks.map(block => (block.id === id ? { ...block, ...change } : block)),
  };
}

/** @param {Workload} workload @param {import('./workloads/block.mjs').Replacement} replacement */
function replaced(workload, { block: id, from, to }) {
  const { code } = blockOf(workload, id);
  if (!code.includes(from)) throw new Error(`${id} of ${workload.name} does not contain ${from}`);
  return changed(workload, id, { code: code.replace(from, to) });
}

function commented(workload) {
  const { code, heading } = blockOf(workload, workload.commented);
  return changed(workload, workload.commented, {
    code: `# a remark that changes nothing\n${code}`,
    heading: `${heading}, in other words`,
  });
}

const readers = ({ blocks }) => blocks.filter(({ readsSeed }) => readsSeed).map(({ id }) => id);

/** @type {readonly Scenario[]} */
export const scenarios = [
  {
    name: 'cold',
    about: 'nothing was ever run',
    edit: workload => workload,
    least: ({ blocks }) => blocks.length,
    isSameResult: false,
  },
  {
    name: 'nothing changed',
    about: 'the same command once more',
    edit: workload => workload,
    least: () => 0,
    isSameResult: true,
  },
  {
    name: 'comment edit',
    about: 'a comment and a heading of the first block',
    edit: commented,
    least: () => 0,
    isSameResult: true,
  },
  {
    name: 'one leaf edited',
    about: 'a block near the end makes something else',
    edit: workload => replaced(workload, workload.leaf),
    least: workload => withDescendants(workload, [workload.leaf.block]).size,
    isSameResult: false,
  },
  {
    name: 'code changed, not its result',
    about: 'a block just below the first says the same in another way',
    edit: workload => replaced(workload, workload.same),
    least: () => 1,
    isSameResult: true,
  },
  {
    name: 'data changed',
    about: 'the file that the first block reads has another content',
    edit: workload => ({ ...workload, seed: workload.seed + 1 }),
    least: workload => withDescendants(workload, readers(workload)).size,
    isSameResult: false,
  },
  {
    name: 'undo of the last edit',
    about: 'that file has its former content again',
    edit: workload => ({ ...workload, seed: workload.seed - 1 }),
    least: () => 0,
    isSameResult: false,
  },
  {
    name: 'branch off a finished block',
    about: 'a new block below one in the middle',
    edit: workload => ({ ...workload, blocks: [...workload.blocks, workload.branch] }),
    least: () => 1,
    isSameResult: false,
  },
];
