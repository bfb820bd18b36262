/** Blocks that are selected, in every view at once. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { IBlockSelection, IProjectModel } from './tokens.js';

export class BlockSelection implements IBlockSelection {
  private _project = '';
  private _selected: readonly string[] = [];
  private readonly _changed = new Signal<this, void>(this);

  get project(): string {
    return this._project;
  }

  get selected(): readonly string[] {
    return this._selected;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  select(project: Pick<IProjectModel, 'path'>, ids: readonly string[]): void {
    if (this._project === project.path && ids.join('\n') === this._selected.join('\n')) return;
    this._project = project.path;
    this._selected = ids;
    this._changed.emit();
  }
}

/** Those of the project that are selected and are there still, in the order of selecting. */
export const selectedIn = (
  { project: about, selected }: Pick<IBlockSelection, 'project' | 'selected'>,
  project: Pick<IProjectModel, 'path' | 'block'>,
): readonly string[] =>
  about === project.path ? selected.filter(id => project.block(id) !== undefined) : [];
