/** A flow of blocks and whatever they need, as text. */
import type { BlockFile } from '../../adapters/blockFiles.js';
import { composeFlow, wordsOf } from '../../adapters/flows/index.js';
import { ancestorsOf, buildGraph, unknownBlock } from '../../engine/index.js';
import type { DagFile } from '../../protocol/dagFile.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';

/** @param files of all blocks, in the order of `dag.json` */
export function composeWithNeeds(
  dag: DagFile,
  files: readonly BlockFile[],
  blocks: readonly string[],
  digest: (text: string) => string,
): string {
  const graph = orThrow(buildGraph(dag));
  const targets = blocks.map(id => {
    const target = graph.indexOf.get(blockId(id));
    if (target === undefined) throw new ProblemError([unknownBlock(id, graph.ids)]);
    return target;
  });
  const marks = ancestorsOf(graph, targets);
  const prelude = dag.prelude === undefined ? undefined : graph.indexOf.get(dag.prelude);
  const others = [...graph.order].filter(block => marks[block] === 1 && block !== prelude);
  const order = prelude === undefined ? others : [prelude, ...others];
  return composeFlow(
    dag.name,
    order.map(index => files[index]!).map(block => ({ ...block, ...wordsOf(block) })),
    digest,
  );
}
