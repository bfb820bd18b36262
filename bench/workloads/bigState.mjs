// *big state*: twenty arrays of 100 MB, each made from another one.
import { block, ending, FIRST_SEED, scaled } from './block.mjs';

const BLOCKS = 20;
/** Of 64-bit floats: 100 MB. */
const LENGTH = 12_500_000;

const name = place => `state_${String(place).padStart(2, '0')}`;

/** @param {number} scale @returns {import('./block.mjs').Workload} */
export function bigState(scale) {
  const length = scaled(LENGTH, scale, 1000);
  const options = { imports: ['import numpy as np'], type: 'np.ndarray' };
  const blocks = [
    block(name(0), [], `state_00 = np.random.default_rng(seed).random(${length})`, {
      ...options,
      readsSeed: true,
    }),
  ];
  for (let place = 1; place < BLOCKS; place += 1) {
    const parent = name((place - 1) >> 1);
    blocks.push(
      block(name(place), [parent], `_k = ${place}\n${name(place)} = ${parent} * 0.5 + _k`, options),
    );
  }
  const leaves = blocks.slice(BLOCKS >> 1).map(({ id }) => id);
  const sums = leaves.map(id => `round(float(${id}[::1000].sum()), 6)`);
  blocks.push(ending('summary', leaves, `[${sums.join(', ')}]`));
  return {
    name: 'big state',
    about:
      '20 blocks that make an array of 100 MB each, 2 GB in all, and one that reads a little of each leaf',
    seed: FIRST_SEED,
    blocks,
    commented: name(0),
    leaf: { block: name(BLOCKS - 1), from: '_k = ', to: '_k = 100 + ' },
    same: { block: name(1), from: '+ _k', to: '- -_k' },
    branch: ending('outlook', [name(10)], `round(float(${name(10)}[::500].sum()), 6)`),
  };
}
