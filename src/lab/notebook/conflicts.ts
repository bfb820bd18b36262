/** Two versions of one cell that stand in a notebook, one below the other, until a person chooses. */
import { isCodeCellModel, isMarkdownCellModel, type ICellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import { distrust } from './applyContent.js';
import { marksOf } from './membership.js';
import { decodeCells } from './plainCells.js';

export interface OpenConflict {
  /** Cell with the version of this notebook. */
  readonly mine: string;
  /** Cell with the version that the block has by now. */
  readonly theirs: string;
}

export function openConflicts(model: INotebookModel): readonly OpenConflict[] {
  const ids = new Set([...model.cells].map(({ id }) => id));
  return [...model.cells].flatMap(cell => {
    const { conflict } = marksOf(cell.getMetadata('dagpy'));
    return conflict !== undefined && ids.has(conflict) ? [{ mine: conflict, theirs: cell.id }] : [];
  });
}

export const hasOpenConflict = (model: INotebookModel): boolean => openConflicts(model).length > 0;

/** Whether it was saved before one version was chosen. */
export function isInConflict(content: NotebookContent): boolean {
  const cells = decodeCells(content);
  const ids = new Set(cells.map(({ id }) => id));
  return cells.some(({ metadata }) => ids.has(marksOf(metadata['dagpy']).conflict ?? ''));
}

export type Choice = 'mine' | 'theirs' | 'both';

/** The cell becomes what the other one is, with its own id and its own place among blocks. */
function takeOver(model: INotebookModel, above: number, other: ICellModel): void {
  const own = model.cells.get(above);
  const { dagpy: mark } = own.metadata;
  const { dagpy: _, ...metadata } = other.metadata;
  const wanted = { ...metadata, ...(mark === undefined ? {} : { dagpy: mark }) };
  if (own.type !== other.type) {
    const { sharedModel } = model;
    sharedModel.deleteCell(above);
    sharedModel.insertCell(above, { ...other.toJSON(), id: own.id, metadata: wanted });
    return;
  }
  own.sharedModel.setSource(other.sharedModel.getSource());
  own.sharedModel.setMetadata(wanted);
  if (isMarkdownCellModel(own) && isMarkdownCellModel(other))
    own.attachments.fromJSON(other.attachments.toJSON());
}

/**
 * Not within a transaction: the cell would hear of its own change once more when that ends, and show what is printed
 * twice.
 */
function takeOutputs(own: ICellModel, other: ICellModel): void {
  if (own.type !== other.type || !isCodeCellModel(own) || !isCodeCellModel(other)) return;
  if (!other.trusted) distrust(own);
  own.outputs.fromJSON(other.outputs.toJSON());
  own.executionCount = other.executionCount;
}

/** As an edit of the person: undo takes it back. */
export function choose(model: INotebookModel, { mine, theirs }: OpenConflict, choice: Choice): void {
  const { sharedModel } = model;
  const at = (id: string): number => [...model.cells].findIndex(cell => cell.id === id);
  const below = at(theirs);
  if (below < 0) return;
  const other = model.cells.get(below);
  switch (choice) {
    case 'mine':
      sharedModel.deleteCell(below);
      break;
    case 'theirs': {
      // The cell itself stays, with its id and its place; only what it says comes from the other side.
      const above = at(mine);
      if (above < 0) return;
      takeOutputs(model.cells.get(above), other);
      sharedModel.transact(() => {
        takeOver(model, above, other);
        sharedModel.deleteCell(at(theirs));
      });
      break;
    }
    case 'both': {
      const { conflict: _, ...rest } = (other.getMetadata('dagpy') as JSONObject | undefined) ?? {};
      if (Object.keys(rest).length === 0) other.deleteMetadata('dagpy');
      else other.setMetadata('dagpy', rest);
      break;
    }
  }
}
