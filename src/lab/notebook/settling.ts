/** Cells that a person moves or pastes between others go with them: into the block, or out of it. */
import type { ICellModel } from '@jupyterlab/cells';
import type { CellList } from '@jupyterlab/notebook';
import type { IObservableList } from '@jupyterlab/observables';
import type { JSONObject } from '@lumino/coreutils';
import { factsOf, type OpenNotebook } from './openNotebook.js';
import { settled } from './membership.js';

export class Settling {
  constructor(private readonly notebook: OpenNotebook) {
    notebook.model.cells.changed.connect(this.onCells, this);
  }

  dispose(): void {
    this.notebook.model.cells.changed.disconnect(this.onCells, this);
  }

  private onCells(_: CellList, change: IObservableList.IChangedArgs<ICellModel>): void {
    const { notebook } = this;
    const { subject, model } = notebook;
    if (change.type !== 'add' || notebook.isChanging || subject.kind !== 'flow') return;
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
