/** Cells that a person moves or pastes between others go with them: into the block, or out of it. */
import type { ICellModel } from '@jupyterlab/cells';
import type { CellList } from '@jupyterlab/notebook';
import type { IObservableList } from '@jupyterlab/observables';
import type { JSONObject } from '@lumino/coreutils';
import { factsOf, type OpenNotebook } from './openNotebook.js';
import { settled } from './membership.js';

/** Of the shared document: told before anybody hears of what they changed. */
interface Transactions {
  on(name: 'beforeObserverCalls', act: (transaction: { readonly local: boolean }) => void): void;
  off(name: 'beforeObserverCalls', act: (transaction: { readonly local: boolean }) => void): void;
}

export class Settling {
  /** What changes now was done in another page, which settles it. */
  private isOfOthers = false;
  private readonly transactions: Transactions | null;

  constructor(private readonly notebook: OpenNotebook) {
    const { sharedModel } = notebook.model;
    this.transactions = 'ydoc' in sharedModel ? (sharedModel.ydoc as Transactions) : null;
    this.transactions?.on('beforeObserverCalls', this.onTransaction);
    notebook.model.cells.changed.connect(this.onCells, this);
  }

  dispose(): void {
    this.transactions?.off('beforeObserverCalls', this.onTransaction);
    this.notebook.model.cells.changed.disconnect(this.onCells, this);
  }

  private readonly onTransaction = ({ local }: { readonly local: boolean }): void => {
    this.isOfOthers = !local;
  };

  private onCells(_: CellList, change: IObservableList.IChangedArgs<ICellModel>): void {
    const { notebook } = this;
    const { subject, model } = notebook;
    if (change.type !== 'add' || notebook.isChanging || this.isOfOthers || subject.kind !== 'flow') return;
    const cells = factsOf(model);
    const arrived = new Set(change.newValues.map(({ id }) => id));
    for (const [id, isOutside] of settled(cells, arrived, subject.record)) {
      const cell = notebook.cell(id);
      if (cell === undefined) continue;
      const {
        outside: _outside,
        block: _block,
        ...rest
      } = (cell.getMetadata('dagpy') as JSONObject | undefined) ?? {};
      const next: JSONObject = isOutside ? { ...rest, outside: true } : rest;
      if (Object.keys(next).length === 0) cell.deleteMetadata('dagpy');
      else cell.setMetadata('dagpy', next);
    }
  }
}
