/**
 * What a flow remembers of its blocks, of three versions of it. Of every cell the record stays with its content: a cell
 * that came in from its block on one side would count as edited there beside the record of the other.
 */
import { isDeepStrictEqual } from 'node:util';
import type { MergedCell } from '../../engine/flow/merge.js';
import type { FlowRecord, RecordedBlock, RecordedCell } from '../../protocol/flow/record.js';

export interface Records {
  readonly base: FlowRecord | null;
  readonly mine: FlowRecord | null;
  readonly disk: FlowRecord | null;
}

/**
 * @param sideOf which side each cell was taken from; `undefined`: both versions of it stand there
 * @returns that of the disk where one side has none
 */
export function mergedRecord(
  { base, mine, disk }: Records,
  sideOf: (cell: string) => MergedCell | undefined,
): FlowRecord | null {
  if (mine === null || disk === null) return disk;
  const before = byUid(base);
  const own = byUid(mine);
  const cells = new Map(mine.blocks.flatMap(block => block.cells.map(cell => [cell.id, cell] as const)));
  const known = byUid(disk);
  return {
    ...disk,
    blocks: [
      ...disk.blocks.map(block => {
        const rest = wordsOf(block, before.get(block.uid), own.get(block.uid));
        return {
          ...rest,
          cells: block.cells.map(cell => entryOf(cell, cells.get(cell.id), sideOf(cell.id))),
        };
      }),
      // The editor brought it in; of one that the base has, the other side knows that it is gone.
      ...mine.blocks.filter(({ uid }) => !known.has(uid) && !before.has(uid)),
    ],
  };
}

const byUid = (record: FlowRecord | null): ReadonlyMap<string, RecordedBlock> =>
  new Map(record?.blocks.map(block => [block.uid, block]));

/** Name, parents and filter: of the side that changed them, of the disk where both did. */
function wordsOf(
  disk: RecordedBlock,
  base: RecordedBlock | undefined,
  mine: RecordedBlock | undefined,
): Omit<RecordedBlock, 'cells'> {
  const { cells: _, ...theirs } = disk;
  if (mine === undefined || base === undefined) return theirs;
  const { cells: _mine, ...own } = mine;
  const { cells: _base, ...before } = base;
  return isDeepStrictEqual(theirs, before) ? own : theirs;
}

function entryOf(
  disk: RecordedCell,
  mine: RecordedCell | undefined,
  side: MergedCell | undefined,
): RecordedCell {
  if (mine === undefined || side === undefined) return disk;
  return {
    ...disk,
    ...(side.content === 'flow' ? { content: mine.content } : {}),
    ...(side.outputs === 'flow' ? { outputs: mine.outputs, shown: mine.shown } : {}),
  };
}
