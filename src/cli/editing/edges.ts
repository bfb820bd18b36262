/** Edges of `dag.json`: drawn and taken away, and never closed to a circle. */
import { changeDagFile } from '../../adapters/dagFile/change.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { buildGraph } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import { requireBlocks } from '../knownBlocks.js';

/** An edge that is there is replaced. @param use name of the parent to name of the child; empty: every name */
export function linkBlocks(
  folder: string,
  parent: string,
  child: string,
  use: ReadonlyMap<string, string>,
): void {
  refuseCycle(folder, parent, child);
  const edge = { block: blockId(parent), ...(use.size > 0 ? { use } : {}) };
  orThrow(changeDagFile(folder, [{ kind: 'link', parent: edge, child: blockId(child) }]));
}

export function unlinkBlocks(folder: string, parent: string, child: string): void {
  requireBlocks(orThrow(loadDagFile(folder)).dag, [parent, child]);
  orThrow(changeDagFile(folder, [{ kind: 'unlink', parent: blockId(parent), child: blockId(child) }]));
}

/** Said before the file is touched: the path that the new edge would close. */
function refuseCycle(folder: string, parent: string, child: string): void {
  const { dag } = orThrow(loadDagFile(folder));
  requireBlocks(dag, [parent, child]);
  if (parent === child) {
    throw new ProblemError([
      {
        code: 'cycle',
        message: `${child} has what it makes already: a block can not be its own parent`,
        file: 'dag.json',
        remedy: 'name two different blocks: dagpy link PARENT CHILD',
      },
    ]);
  }
  const linked = dag.blocks.map(block =>
    block.id === child ? { ...block, parents: [...block.parents, { block: blockId(parent) }] } : block,
  );
  const graph = buildGraph({ ...dag, blocks: linked });
  if (graph.ok) return;
  const remedy =
    'nothing was changed; to have this edge, take another one of them out first with dagpy unlink';
  throw new ProblemError(
    graph.problems.map(problem => (problem.code === 'cycle' ? { ...problem, remedy } : problem)),
  );
}
