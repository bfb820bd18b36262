// *analysis*: one block makes a frame, the next one cleans a column of it, four branches end in small tables.
import { block, ending, FIRST_SEED, scaled } from './block.mjs';

/** Rows of eight floats and a short text: 150 MB. */
const ROWS = 1_900_000;
const BRANCHES = [0, 1, 2, 3];

const numpy = 'import numpy as np';
const pandas = 'import pandas as pd';

/** @param {number} scale @returns {import('./block.mjs').Workload} */
export function analysis(scale) {
  const rows = scaled(ROWS, scale, 1000);
  const tables = BRANCHES.map(branch => `table_${branch}`);
  return {
    name: 'analysis',
    about:
      '12 blocks: a frame of 150 MB made by one of them and passed down four branches, which end in small tables',
    seed: FIRST_SEED,
    blocks: [
      block(
        'load',
        [],
        `_random = np.random.default_rng(seed)
load = pd.DataFrame(_random.random((${rows}, 8)), columns=[f"c{_i}" for _i in range(8)])
load["city"] = pd.array([f"city {_i}" for _i in range(50)], dtype="str").take(_random.integers(0, 50, ${rows}))`,
        { imports: [numpy, pandas], type: 'pd.DataFrame', readsSeed: true },
      ),
      block(
        'clean',
        ['load'],
        `_bounds = (0.01, 0.99)
clean = load.assign(c0=load["c0"].clip(*_bounds))`,
        { imports: [pandas], type: 'pd.DataFrame' },
      ),
      ...BRANCHES.map(branch =>
        block(
          `feature_${branch}`,
          ['clean'],
          `feature_${branch} = (clean["c${branch}"] * clean["c${branch + 1}"]).rename("feature")`,
          { imports: [pandas], type: 'pd.Series' },
        ),
      ),
      ...BRANCHES.map(branch =>
        block(
          `table_${branch}`,
          ['clean', `feature_${branch}`],
          `_digits = 6
_pairs = pd.DataFrame({"city": clean["city"], "feature": feature_${branch}})
table_${branch} = _pairs.groupby("city")["feature"].agg(["mean", "std"]).round(_digits)`,
          { imports: [pandas], type: 'pd.DataFrame' },
        ),
      ),
      block(
        'compare',
        tables,
        `compare = {
    _name: [round(float(_mean), 6) for _mean in _table["mean"]]
    for _name, _table in [${tables.map(name => `("${name}", ${name})`).join(', ')}]
}`,
      ),
      ending('report', ['compare'], 'compare'),
    ],
    commented: 'load',
    leaf: { block: 'table_3', from: '_digits = 6', to: '_digits = 4' },
    same: { block: 'clean', from: 'clip(*_bounds)', to: 'clip(_bounds[0], _bounds[1])' },
    branch: ending(
      'outlook',
      ['clean', 'feature_2'],
      'round(float((clean["c7"] * feature_2).iloc[::100].mean()), 9)',
    ),
  };
}
