/** Blocks that the format knows and this version can not run yet. */
import type { DagFile } from '../dagFile.js';
import type { BlockId } from '../ids.js';
import type { Problem } from '../problem.js';
import type { Places } from './places.js';

const FEATURES: Readonly<Record<string, string>> = {
  module: 'a Python module instead of a notebook',
  command: 'a shell command instead of a notebook',
  each: 'one run per value ("each")',
  generator: 'a generator',
  executor: 'an executor of its own',
};

export function unsupportedBlocks(
  blocks: Readonly<Record<string, unknown>>,
  dag: DagFile,
  places: Places,
): ReadonlyMap<BlockId, Problem> {
  const found = new Map<BlockId, Problem>();
  for (const { id } of dag.blocks) {
    const raw = blocks[id] as Readonly<Record<string, unknown>>;
    const key = Object.keys(FEATURES).find(
      name => raw[name] !== undefined && !(name === 'executor' && raw[name] === 'local'),
    );
    if (key === undefined) continue;
    const message = `block ${JSON.stringify(id)} has ${FEATURES[key] as string}, which this version can not run`;
    found.set(
      id,
      places.problem(
        ['blocks', id, key],
        'dag-unsupported',
        message,
        `remove "${key}", or use a version that supports it`,
      ),
    );
  }
  return found;
}
