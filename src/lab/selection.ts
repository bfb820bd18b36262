/** Blocks that are selected, in every view at once. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { IBlockSelection, IProjectModel } from './tokens.js';

export class BlockSelection implements IBlockSelection {
  private project = '';
  private _selected: readonly string[] = [];
  private readonly _changed = new Signal<this, void>(this);

  get selected(): readonly string[] {
    return this._selected;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  select(project: IProjectModel, ids: readonly string[]): void {
    if (this.project === project.path && ids.join('\n') === this._selected.join('\n')) return;
    this.project = project.path;
    this._selected = ids;
    this._changed.emit();
  }
}
