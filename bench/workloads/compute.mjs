// *compute*: twelve blocks of processor time in layers of two and four, so that two workers can halve it.
import { block, ending, FIRST_SEED } from './block.mjs';

const SECONDS = 0.5;
const LAYERS = [2, 4, 4, 2];

/** Some of the layer above, so that each of them is read by somebody. */
function parentsAt(place, width, above) {
  const count = above.length;
  if (count === 0) return [];
  const places = [place, place + width, place + 1].map(each => each % count);
  return [...new Set(places)].map(each => above[each]);
}

/** @param {number} scale @returns {import('./block.mjs').Workload} */
export function compute(scale, seconds = SECONDS) {
  const burn = `_began = time.thread_time()
while time.thread_time() - _began < ${seconds * scale}:
    sum(range(1000))
`;
  const blocks = [];
  let above = [];
  for (const [layer, width] of LAYERS.entries()) {
    const ids = Array.from({ length: width }, (_, place) => `layer_${layer}_${place}`);
    for (const [place, id] of ids.entries()) {
      const parents = parentsAt(place, width, above);
      const sum = parents.length === 0 ? 'seed' : parents.map(parent => `${parent}["x"]`).join(' + ');
      const code = `${burn}_k = ${place + 1}\n${id} = {"x": (${sum}) * 31 + _k}`;
      blocks.push(block(id, parents, code, { imports: ['import time'], readsSeed: parents.length === 0 }));
    }
    above = ids;
  }
  blocks.push(ending('report', above, `[${above.join(', ')}]`));
  return {
    name: 'compute',
    about:
      '12 blocks of 0.5 s of processor time each in layers of 2, 4, 4 and 2, and a trivial one that ends them',
    seed: FIRST_SEED,
    blocks,
    commented: 'layer_0_0',
    leaf: { block: 'layer_3_1', from: '_k = 2', to: '_k = 17' },
    same: { block: 'layer_1_0', from: '+ _k', to: '- -_k' },
    branch: ending('outlook', ['layer_2_1'], 'layer_2_1["x"] + 1'),
  };
}
