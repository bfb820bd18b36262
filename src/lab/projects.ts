/** Which projects a page holds, and which of them is the current one. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Connection } from './connection.js';
import { ProjectModel } from './projectModel.js';
import type { IProjectHold, IProjectModel, IProjects } from './tokens.js';

/** A project may be made by others at any time, so answers are shared only while a document opens. */
const SHARED_MILLISECONDS = 2000;

export class Projects implements IProjects {
  private readonly held = new Map<string, { readonly model: ProjectModel; holds: number }>();
  /** Answers of the last moments: several parts of the page ask about the same document. */
  private readonly asked = new Map<string, Promise<string | null>>();
  private currentHold: IProjectHold | null = null;
  private readonly _currentChanged = new Signal<this, IProjectModel | null>(this);
  private readonly _moved = new Signal<this, void>(this);

  constructor(readonly connection: Connection) {}

  get current(): IProjectModel | null {
    return this.currentHold?.model ?? null;
  }

  get currentChanged(): ISignal<this, IProjectModel | null> {
    return this._currentChanged;
  }

  get moved(): ISignal<this, void> {
    return this._moved;
  }

  async find(path: string): Promise<IProjectHold | null> {
    const project = await this.locate(path);
    return project === null ? null : this.hold(project);
  }

  private locate(path: string): Promise<string | null> {
    const known = this.asked.get(path);
    if (known !== undefined) return known;
    const asked = this.connection.call('locate', { path }).then(({ project }) => project);
    this.asked.set(path, asked);
    const forget = (): void => {
      if (this.asked.get(path) === asked) this.asked.delete(path);
    };
    asked.then(() => setTimeout(forget, SHARED_MILLISECONDS), forget);
    return asked;
  }

  hold(project: string): IProjectHold {
    const entry = this.held.get(project) ?? { model: new ProjectModel(project, this.connection), holds: 0 };
    this.held.set(project, entry);
    entry.holds += 1;
    let isDisposed = false;
    return {
      model: entry.model,
      get isDisposed() {
        return isDisposed;
      },
      dispose: () => {
        if (isDisposed) return;
        isDisposed = true;
        entry.holds -= 1;
        if (entry.holds > 0) return;
        this.held.delete(project);
        entry.model.dispose();
      },
    };
  }

  /** Makes the project the current one; takes the hold over. */
  setCurrent(hold: IProjectHold): void {
    const before = this.currentHold;
    this.currentHold = hold;
    if (before?.model !== hold.model) this._currentChanged.emit(hold.model);
    before?.dispose();
  }

  refresh(): void {
    this.asked.clear();
    this._moved.emit();
  }
}
