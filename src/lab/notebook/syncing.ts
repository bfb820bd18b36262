/**
 * Keeps an open notebook and the files of its blocks the same: what is saved goes into the blocks, and what changes in
 * them comes into the notebook. One thing at a time; the answer is applied cell by cell.
 */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { ServerConnection, type Contents } from '@jupyterlab/services';
import type { Problem } from '../../protocol/problem.js';
import type { ConflictView, NotebookContent } from '../../protocol/resident/calls.js';
import { Signal } from '@lumino/signaling';
import { filterWordsOf } from './filterWords.js';
import { CallError } from '../connection.js';
import type { IConnection } from '../tokens.js';
import type { Acting } from './acting.js';
import { applyContent, bringNotebookMetadata } from './applyContent.js';
import { applyFlow } from './applyFlow.js';
import { ReplacedError, type GuardedSaves } from './guardedSaves.js';
import { hasOpenConflict, isInConflict } from './conflicts.js';
import { OpenFile } from './openFile.js';
import type { OpenNotebook } from './openNotebook.js';
import { isSameContent, withCellsOf } from './plainCells.js';
import { SavedOrigins } from './savedOrigins.js';
import { SaveQueue } from './saveQueue.js';

interface Saved {
  readonly content: NotebookContent;
  /** What had come in when it was saved. */
  readonly arrivals: number;
}

export interface SyncTelling {
  /** Two versions of something stand in the notebook now. */
  conflict(conflicts: readonly ConflictView[]): void;
  /** The blocks were not brought up to date; empty: they are. */
  trouble(problems: readonly Problem[]): void;
}

const READ_ONLY: Problem = {
  code: 'project-read-only',
  message: 'its blocks are not updated: the project can not be written',
  remedy: 'what you save stays in this notebook',
};

/** How often a file is looked at again that changes all the time. */
const MERGES = 4;
/** What a person saves is not held up any longer by the question what its file is. */
const PATIENCE = 5000;

const UNDECIDED: Problem = {
  code: 'conflict-open',
  message: 'it is not saved: two versions of a cell stand in it',
  remedy: 'choose one of them',
};

const DOWN: Problem = {
  code: 'daemon-down',
  message: 'the notebook is saved, and its blocks are not updated yet: DAGpy is not running',
  remedy: 'they are updated as soon as it is',
};

export class Syncing {
  private isBusy = false;
  private isAgain = false;
  private isDisposed = false;
  /** A person saved it, and may wonder what became of that. */
  private isSaved = false;
  /** Edits that a save of ours carries, which are none that the blocks do not have. */
  private ownSave: number | null = null;
  /** What was saved and the blocks do not have yet. */
  private pending: Saved | null;
  /** How often something came in. */
  private arrivals = 0;
  /** As it was when the last save began. */
  private savedArrivals = 0;
  /** What the blocks were when notebook and blocks were last the same. */
  private seen = '';
  private readonly file: OpenFile;
  private readonly saves: SaveQueue;
  private readonly origins = new SavedOrigins();
  private idle: Promise<void> = Promise.resolve();

  constructor(
    private readonly notebook: OpenNotebook,
    private readonly connection: IConnection,
    contents: Contents.IManager,
    guards: GuardedSaves,
    base: NotebookContent | null,
    private readonly tell: SyncTelling,
    private readonly isUnderWay: (block: string) => boolean,
  ) {
    this.file = new OpenFile(notebook, contents, base);
    const { context } = notebook.panel;
    this.saves = new SaveQueue(context, {
      prepare: () => this.beforeSave(),
      isHeld: () => this.isUndecided(),
      // A shared notebook is saved by the server.
      guarded: save =>
        notebook.model.collaborative
          ? save()
          : guards.during(context, state => this.file.isKnown(state), save),
    });
    notebook.panel.context.saveState.connect(this.onSave, this);
    notebook.changed.connect(this.onChange, this);
    connection.changed.connect(this.onConnection, this);
    notebook.panel.context.fileChanged.connect(this.onSharedSave, this);
    notebook.acting.changed.connect(this.onChange, this);
    notebook.acting.asked.connect(this.onAsked, this);
    // A flow that was saved while nobody could tell its blocks.
    const { subject } = notebook;
    this.pending =
      subject.kind === 'flow' && subject.record !== null && base !== null
        ? { content: base, arrivals: 0 }
        : null;
    this.onChange();
  }

  /** Resolves once nothing is under way any more, and the blocks have what was saved. */
  get settled(): Promise<void> {
    return this.notebook.model.collaborative && this.notebook.subject.kind === 'flow'
      ? this.settleShared()
      : this.idle;
  }

  private async settleShared(): Promise<void> {
    const { acting } = this.notebook;
    if (!acting.isActing) await acting.ask();
    if (acting.isActing) await this.bringNow();
  }

  /** What stands in a shared notebook is as good as saved. */
  private async bringNow(): Promise<void> {
    this.onSharedSave();
    await this.idle;
  }

  private onAsked(_: Acting, done: () => void): void {
    void this.bringNow().then(done);
  }

  /** To be called when something else than a person changed what the notebook shows, or may have changed its file. */
  check(): void {
    this.seen = '';
    this.onChange();
  }

  dispose(): void {
    this.isDisposed = true;
    this.saves.dispose();
    this.notebook.panel.context.saveState.disconnect(this.onSave, this);
    this.notebook.changed.disconnect(this.onChange, this);
    this.connection.changed.disconnect(this.onConnection, this);
    this.notebook.panel.context.fileChanged.disconnect(this.onSharedSave, this);
    Signal.disconnectReceiver(this);
  }

  private onSave(_: DocumentRegistry.Context, state: DocumentRegistry.SaveState): void {
    const { notebook, file } = this;
    if (state === 'started') {
      file.beginSave();
      this.savedArrivals = this.arrivals;
    }
    if (state !== 'completed') return;
    const isOwn = this.ownSave === file.savedEdits;
    const saved = file.endSave();
    if (notebook.subject.kind === 'block') notebook.noteSaved(saved);
    // Headers may have come since the last look.
    notebook.look();
    if (isOwn || notebook.subject.kind !== 'flow') return;
    this.isSaved = true;
    this.origins.add(saved);
    this.pending = { content: saved, arrivals: this.savedArrivals };
    this.ask();
  }

  /** Of a shared model the server tells every page that it saved it. */
  private onSharedSave(): void {
    const { notebook } = this;
    if (!notebook.model.collaborative || notebook.subject.kind === 'none') return;
    if (notebook.subject.kind === 'block' || !notebook.acting.isActing) {
      notebook.noteSaved(notebook.content());
      notebook.look();
      if (notebook.subject.kind === 'block') return;
    }
    this.isSaved = true;
    const content = notebook.content();
    this.origins.add(content);
    this.pending = { content, arrivals: this.arrivals };
    this.ask();
  }

  private onConnection(): void {
    if (this.connection.state === 'ready') this.onChange();
  }

  private onChange(): void {
    const { project, subject } = this.notebook;
    if (project.view === null || subject.kind === 'none') return;
    // While blocks of it run, what they show comes live; their files are done with when they are.
    const isRunning = this.notebook.shown.some(
      ({ view }) => view?.state === 'running' || view?.state === 'queued',
    );
    if (this.pending !== null || (!isRunning && this.signature() !== this.seen)) this.ask();
  }

  /** Changes when a file or the words of a block that is shown do. */
  private signature(): string {
    const { project, subject, shown } = this.notebook;
    const isWritable = project.view?.isReadOnly === false;
    const names = (subject.kind === 'flow' ? subject.record?.blocks : undefined) ?? [];
    const known = new Set([...names.map(({ uid }) => uid), ...shown.map(({ key }) => key)]);
    return JSON.stringify([
      isWritable,
      (project.view?.blocks ?? [])
        .filter(({ uid }) => known.has(uid))
        .map(({ id, uid, fileVersion, parents, filter }) =>
          subject.kind === 'block'
            ? [uid, fileVersion]
            : [id, uid, fileVersion, parents.map(({ block }) => block), filterWordsOf(filter)],
        ),
    ]);
  }

  private ask(): void {
    if (this.isBusy) {
      this.isAgain = true;
      return;
    }
    this.isBusy = true;
    this.idle = this.work().finally(() => {
      this.isBusy = false;
    });
  }

  private async work(): Promise<void> {
    do {
      this.isAgain = false;
      if (this.isDisposed || this.connection.state !== 'ready') {
        if (!this.isDisposed && this.pending !== null && this.connection.state === 'down')
          this.tell.trouble([DOWN]);
        return;
      }
      if (!this.notebook.acting.isActing) return;
      const seen = this.signature();
      try {
        await this.bringTogether();
        this.seen = seen;
      } catch (error) {
        // Lab tells what the server says about files, and what was not merged is when something happens next.
        if (isOfServer(error)) continue;
        if (!(error instanceof CallError)) throw error;
        this.seen = seen;
        if (!error.problems.some(({ code }) => code === 'daemon-down')) this.pending = null;
        this.tell.trouble(error.problems);
      }
    } while (this.isAgain);
  }

  private async bringTogether(): Promise<void> {
    const { notebook } = this;
    const { pending } = this;
    const wasSaved = pending !== null && this.isSaved;
    if (notebook.subject.kind !== 'none')
      this.isAgain = !(await this.saves.between(() => this.mergeFile())) || this.isAgain;
    if (notebook.subject.kind === 'flow') await this.mergeFlow();
    const isReadOnly = notebook.project.view?.isReadOnly === true;
    this.tell.trouble(wasSaved && isReadOnly ? [READ_ONLY] : []);
    // Nothing that is asked again would change it; the next save asks.
    if (isReadOnly && this.pending === pending) this.pending = null;
  }

  private async mergeFlow(): Promise<void> {
    const { notebook, pending } = this;
    const { model, project } = notebook;
    // What only reads like a flow becomes one when a person saves it.
    if (notebook.subject.kind === 'flow' && notebook.subject.record === null && pending === null) return;
    // Until one version is chosen there is nothing to agree on.
    if (this.isDisposed || hasOpenConflict(model)) return;
    // What was typed since the save is not saved, and stays with the person; unless something came in since, which the
    // saved content can not be told from an edit.
    const saved = pending?.arrivals === this.arrivals && !model.collaborative ? pending.content : null;
    if (saved !== null && isInConflict(saved)) return;
    const isUnsaved = project.view?.isReadOnly === true || (pending === null && model.dirty);
    const sent = saved ?? notebook.content();
    const { arrivals } = this;
    const origins = this.origins.before(sent, this.file.base);
    const answer = await project.call('mergeFlow', {
      path: notebook.path,
      content: sent,
      isUnsaved,
      ...(origins.length === 0 ? {} : { saved: origins }),
    });
    if (this.isDisposed || model.isDisposed) return;
    if (this.arrivals !== arrivals) {
      // A save brought in what the file held: no edit of a person's, which the answer can not know.
      this.isAgain = true;
      return;
    }
    this.arrivals += 1;
    const { isOver } = applyFlow(notebook, sent, answer, this.isUnderWay);
    if (!isOver) this.isAgain = true;
    if (!isUnsaved && this.pending === pending) this.pending = null;
    notebook.noteSaved(isUnsaved ? this.savedPart(answer.content) : answer.content);
    notebook.look();
    if (answer.conflicts.length > 0) {
      this.tell.conflict(answer.conflicts);
      return;
    }
    if (!isUnsaved) await this.saveOwn();
  }

  /** The file gets what came from the blocks; a person's edits that came meanwhile are theirs to save. */
  private async saveOwn(): Promise<void> {
    const { notebook, file } = this;
    const { model, panel } = notebook;
    if (model.collaborative || panel.context.contentsModel?.writable === false) return;
    const isToSave = (): boolean =>
      !this.isDisposed &&
      !model.dirty &&
      (file.base === null || !isSameContent(file.base, notebook.content()));
    if (!isToSave()) return;
    try {
      await this.saves.append(() => {
        if (!isToSave()) return false;
        this.ownSave = notebook.edits;
        return true;
      });
    } catch (error) {
      // Another page saved it meanwhile: what it wrote comes in first.
      if (error instanceof ReplacedError) this.isAgain = true;
      // Otherwise Lab has told it, and what was not saved is merged when it is.
    } finally {
      this.ownSave = null;
    }
  }

  /** Sources that the blocks have: of cells with unsaved edits, what they were made from is not known any more. */
  private savedPart(content: NotebookContent): NotebookContent {
    return withCellsOf(content, ({ id }) => !this.notebook.isEdited(id));
  }

  /** A block would have the code of both versions. Of a flow, blocks get nothing before one is chosen. */
  private isUndecided(): boolean {
    const { subject, model } = this.notebook;
    const isHeld = subject.kind === 'block' && !model.collaborative && hasOpenConflict(model);
    if (isHeld) this.tell.trouble([UNDECIDED]);
    return isHeld;
  }

  /**
   * What a person saves is held against a file that may be another since the last look. Where that can not be done, it is
   * Lab's to ask whose version to keep.
   */
  private async beforeSave(): Promise<void> {
    const merge = async (): Promise<void> => {
      for (let attempt = 0; attempt < MERGES; attempt += 1) if (await this.mergeFile()) return;
    };
    if (this.isDisposed || this.connection.state !== 'ready' || this.notebook.subject.kind === 'none') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>(resolve => {
      timer = setTimeout(resolve, PATIENCE);
    });
    try {
      await Promise.race([merge(), enough]);
    } catch {
      // Lab tells what the server says about files, and the next look tells what DAGpy says.
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Brings in what somebody else wrote into the notebook's own file: a run, git, another page.
   * @returns `false`: it has to be looked at again
   */
  private async mergeFile(): Promise<boolean> {
    const { notebook, file } = this;
    const { model, project } = notebook;
    // A shared model and its file are kept the same by those who share it.
    if (model.collaborative) return true;
    const state = await file.look();
    // Nothing is there any more; the next save writes it anew.
    if (state === null) return true;
    await file.findBase();
    const { base } = file;
    if (this.isDisposed || model.isDisposed || base === null || file.isKnown(state)) return true;
    const wasDirty = model.dirty;
    const sent = notebook.content();
    const answer = await project.call('mergeNotebook', { path: notebook.path, base, content: sent });
    if (this.isDisposed || model.isDisposed) return true;
    let collided: ReadonlySet<string> = new Set();
    this.arrivals += 1;
    notebook.quietly(() => {
      ({ collided } = applyContent(model, sent, answer));
      bringNotebookMetadata(model, sent, answer.content);
    });
    // Cells that were edited while the answer was on its way are held against what they were made from.
    file.base = withCellsOf(answer.base, cell => !collided.has(cell.id), base);
    if (notebook.subject.kind === 'block')
      notebook.noteSaved(
        !wasDirty || answer.conflicts.length > 0 ? answer.base : this.savedPart(answer.base),
      );
    notebook.look();
    if (answer.conflicts.length > 0) this.tell.conflict(answer.conflicts);
    return collided.size === 0 && (await file.accept(state));
  }
}

const isOfServer = (error: unknown): boolean =>
  error instanceof ServerConnection.ResponseError || error instanceof ServerConnection.NetworkError;
