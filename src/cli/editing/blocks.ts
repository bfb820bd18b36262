/** Entries of blocks in `dag.json`. */
import { changeDagFile } from '../../adapters/dagFile/change.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import type { BlockDeclaration, Filter } from '../../protocol/dagFile.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import { requireBlocks } from '../knownBlocks.js';

/** Its children get its parents; its notebook stays on disk. @returns it as it was, and its children */
export function removeBlock(
  folder: string,
  id: string,
): { readonly block: BlockDeclaration; readonly children: readonly string[] } {
  const before = orThrow(loadDagFile(folder)).dag;
  requireBlocks(before, [id]);
  const block = before.blocks.find(each => each.id === id)!;
  const children = before.blocks
    .filter(each => each.parents.some(parent => parent.block === id))
    .map(each => each.id);
  orThrow(
    changeDagFile(folder, [
      ...(before.prelude === id ? [{ kind: 'setPrelude', block: null } as const] : []),
      { kind: 'removeBlock', block: blockId(id) },
    ]),
  );
  return { block, children };
}

export function setFilter(folder: string, id: string, filter: Filter): void {
  requireBlocks(orThrow(loadDagFile(folder)).dag, [id]);
  orThrow(changeDagFile(folder, [{ kind: 'setFilter', block: blockId(id), filter }]));
}

/** @param order every block once */
export function reorderBlocks(folder: string, order: readonly string[]): void {
  const { dag } = orThrow(loadDagFile(folder));
  requireBlocks(dag, order);
  if (new Set(order).size !== order.length || order.length !== dag.blocks.length) {
    const left = dag.blocks.map(({ id }) => id).filter(id => !order.includes(id));
    throw new ProblemError([
      {
        code: 'order',
        message:
          left.length > 0
            ? `the new order leaves out ${left.join(', ')}`
            : 'the new order names a block more than once',
        file: 'dag.json',
        remedy: 'name every block once',
      },
    ]);
  }
  orThrow(changeDagFile(folder, [{ kind: 'reorder', order: order.map(blockId) }]));
}
