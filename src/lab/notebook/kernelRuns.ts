/** Cells of a notebook that a person runs, as long as their kernel may still say something. */
import { CodeCell, type Cell } from '@jupyterlab/cells';
import { NotebookActions, type Notebook } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

export class KernelRuns implements IDisposable {
  private readonly cells = new Map<string, symbol>();
  private readonly _began = new Signal<this, string>(this);
  isDisposed = false;

  constructor(private readonly widget: Notebook) {
    NotebookActions.executionScheduled.connect(this.onScheduled, this);
  }

  /** A person runs the cell with this id; it is not cleared yet. */
  get began(): ISignal<this, string> {
    return this._began;
  }

  has(cell: string): boolean {
    return this.cells.has(cell);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    Signal.clearData(this);
  }

  private onScheduled(_: unknown, { notebook, cell }: { notebook: Notebook; cell: Cell }): void {
    if (notebook !== this.widget || !(cell instanceof CodeCell)) return;
    const { id } = cell.model;
    const run = Symbol(id);
    this.cells.set(id, run);
    this._began.emit(id);
    void this.finished(cell).finally(() => {
      // The same cell may have been run once more.
      if (this.cells.get(id) === run) this.cells.delete(id);
    });
  }

  private async finished(cell: CodeCell): Promise<void> {
    // Lab asks the kernel right after it has told of it.
    await Promise.resolve();
    // None where there is no kernel, whatever its type says.
    const future = cell.outputArea.future as typeof cell.outputArea.future | undefined;
    try {
      await future?.done;
    } catch {
      // Cancelled: it is over, too.
    }
  }
}
