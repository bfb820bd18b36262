/**
 * Saves of one notebook come one after the other. Lab compares the file with what it saved last, so of two at a time the
 * second takes what the first one wrote for somebody else's, and asks whose version to keep.
 */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';

type Context = DocumentRegistry.IContext<INotebookModel>;

export class SaveQueue implements IDisposable {
  private last: Promise<unknown> = Promise.resolve();
  private readonly save: () => Promise<void>;
  isDisposed = false;

  constructor(private readonly context: Context) {
    this.save = context.save.bind(context);
    // Its menu, its shortcut and its timer all call this one.
    context.save = () => this.append(() => true);
  }

  /**
   * Saves when those before are through.
   * @param begin is called right before, and says whether it is still to be saved. @throws as the document's own `save`
   */
  append(begin: () => boolean): Promise<void> {
    const saved = this.last.then(() => (begin() ? this.save() : undefined));
    this.last = saved.catch(() => undefined);
    return saved;
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    // The one of its class is behind it.
    Reflect.deleteProperty(this.context, 'save');
  }
}
