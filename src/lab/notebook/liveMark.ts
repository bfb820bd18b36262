/** The mark of cells of a flow whose outputs are those of a run under way, which the block does not show yet. */
import type { ICellModel } from '@jupyterlab/cells';
import type { JSONObject } from '@lumino/coreutils';
import { marksOf } from './membership.js';

/** @param metadata of a cell */
export const isMarkedLive = (metadata: JSONObject): boolean => marksOf(metadata['dagpy']).live === true;

export const isLive = (cell: ICellModel | undefined): boolean =>
  marksOf(cell?.getMetadata('dagpy')).live === true;

export function setLive(cell: ICellModel, isWanted: boolean): void {
  if (isLive(cell) === isWanted) return;
  const { live: _, ...rest } = (cell.getMetadata('dagpy') as JSONObject | undefined) ?? {};
  const next: JSONObject = isWanted ? { ...rest, live: true } : rest;
  if (Object.keys(next).length === 0) cell.deleteMetadata('dagpy');
  else cell.setMetadata('dagpy', next);
}
