/**
 * Of several pages that share one model, one acts for DAGpy: what all of them did would be there once for each. Where
 * nobody shares it, the page itself.
 */
import type { INotebookModel } from '@jupyterlab/notebook';

export function isActing({ collaborative, sharedModel }: INotebookModel): boolean {
  if (!collaborative) return true;
  const { awareness } = sharedModel;
  // The server takes part too, and nobody sits before it.
  const pages = [...awareness.getStates()].flatMap(([id, state]) => ('user' in state ? [id] : []));
  return pages.length === 0 || Math.min(...pages) === awareness.clientID;
}
