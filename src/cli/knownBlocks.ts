/** Blocks that a call names. */
import { unknownBlock } from '../engine/index.js';
import type { DagFile } from '../protocol/dagFile.js';
import { ProblemError } from '../protocol/problem.js';

/** Throws a `ProblemError` that says which of them are not in the project. */
export function requireBlocks(dag: DagFile, ids: readonly string[]): void {
  const known: readonly string[] = dag.blocks.map(block => block.id);
  const unknown = ids.filter(id => !known.includes(id));
  if (unknown.length > 0) throw new ProblemError(unknown.map(id => unknownBlock(id, known)));
}
