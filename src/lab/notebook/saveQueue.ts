/**
 * Saves of one notebook come one after the other. Lab compares the file with what it saved last, so of two at a time the
 * second takes what the first one wrote for somebody else's, and asks whose version to keep.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { ReplacedError, UnsavedError } from './guardedSaves.js';

export interface SaveSteps {
  /** Brings in what somebody else wrote into the file. */
  prepare(): Promise<void>;
  /** Whether it is not to be saved yet: two versions of something stand there. */
  isHeld(): boolean;
  /** @throws {ReplacedError} where somebody else has written since */
  guarded(save: () => Promise<void>): Promise<void>;
}

/** How often a save begins anew because somebody else was quicker. */
const ATTEMPTS = 5;

export class SaveQueue implements IDisposable {
  private last: Promise<unknown> = Promise.resolve();
  private readonly save: () => Promise<void>;
  isDisposed = false;

  constructor(
    private readonly context: NotebookPanel['context'],
    private readonly steps: SaveSteps,
  ) {
    this.save = context.save.bind(context);
    // Its menu, its shortcut and its timer all call this one.
    context.save = () => this.between(() => this.saveAll());
  }

  /**
   * Saves when those before are through, unless somebody else wrote the file meanwhile.
   * @param begin is called right before, and says whether it is still to be saved. @throws as the document's own `save`
   */
  append(begin: () => boolean): Promise<void> {
    return this.between(async () => {
      if (begin()) await this.steps.guarded(this.save);
    });
  }

  /** Does something while no save is on its way. */
  between<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.last.then(act);
    this.last = done.catch(() => undefined);
    return done;
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    // The one of its class is behind it.
    Reflect.deleteProperty(this.context, 'save');
  }

  private async saveAll(): Promise<void> {
    for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
      if (this.isDisposed) break;
      await this.steps.prepare();
      if (this.steps.isHeld()) throw new UnsavedError();
      try {
        return await this.steps.guarded(this.save);
      } catch (error) {
        if (!(error instanceof ReplacedError)) throw error;
      }
    }
    // Somebody writes it all the time, or it can not be merged: Lab asks whose version to keep.
    await this.save();
  }
}
