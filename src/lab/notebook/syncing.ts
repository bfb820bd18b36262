/**
 * Keeps an open notebook and the files of its blocks the same: what is saved goes into the blocks, and what changes in
 * them comes into the notebook. One thing at a time; the answer is applied cell by cell.
 */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { FlowRecord } from '../../protocol/flow/record.js';
import type { Problem } from '../../protocol/problem.js';
import type { ConflictView, NotebookContent } from '../../protocol/resident/calls.js';
import { filterWordsOf } from './filterWords.js';
import { CallError } from '../connection.js';
import type { IConnection } from '../tokens.js';
import { applyContent } from './applyContent.js';
import { hasOpenConflict } from './conflicts.js';
import { marksOf, recordOf } from './membership.js';
import type { OpenNotebook } from './openNotebook.js';

export interface SyncTelling {
  /** Two versions of something stand in the notebook now. */
  conflict(conflicts: readonly ConflictView[]): void;
  /** The blocks were not brought up to date; empty: they are. */
  trouble(problems: readonly Problem[]): void;
  renamed(names: readonly { readonly from: string; readonly to: string }[]): void;
}

const READ_ONLY: Problem = {
  code: 'project-read-only',
  message: 'its blocks are not updated: the project can not be written',
  remedy: 'what you save stays in this notebook',
};

export class Syncing {
  private isBusy = false;
  private isAgain = false;
  private isOwnSave = false;
  private isDisposed = false;
  /** Something was saved that the blocks do not have yet. */
  private isPending = false;
  /** What the blocks were when notebook and blocks were last the same. */
  private seen = '';
  /** Of a block's own notebook: as it is on disk, as far as the editor knows. */
  private base: NotebookContent;
  /** What the file of the notebook holds. */
  private inFile: string;
  private idle: Promise<void> = Promise.resolve();

  constructor(
    private readonly notebook: OpenNotebook,
    private readonly connection: IConnection,
    private readonly contents: Contents.IManager,
    private readonly tell: SyncTelling,
  ) {
    this.base = notebook.content();
    this.inFile = JSON.stringify(this.base);
    notebook.panel.context.saveState.connect(this.onSave, this);
    notebook.changed.connect(this.onChange, this);
    connection.changed.connect(this.onConnection, this);
    // A flow that was saved while nobody could tell its blocks.
    this.isPending = notebook.subject.kind === 'flow' && notebook.subject.record !== null;
    this.onChange();
  }

  /** Resolves once nothing is under way any more. */
  get settled(): Promise<void> {
    return this.idle;
  }

  /** To be called when something else than a person changed what the notebook shows. */
  check(): void {
    this.seen = '';
    this.onChange();
  }

  dispose(): void {
    this.isDisposed = true;
    this.notebook.panel.context.saveState.disconnect(this.onSave, this);
    this.notebook.changed.disconnect(this.onChange, this);
    this.connection.changed.disconnect(this.onConnection, this);
  }

  private onSave(_: DocumentRegistry.Context, state: DocumentRegistry.SaveState): void {
    if (state !== 'completed') return;
    this.inFile = JSON.stringify(this.notebook.content());
    if (this.notebook.subject.kind === 'block') {
      this.base = this.notebook.content();
      this.notebook.noteSaved(this.base);
      this.notebook.look();
    }
    // Headers may have come since the last look.
    this.notebook.look();
    if (this.isOwnSave || this.notebook.subject.kind !== 'flow') return;
    this.isPending = true;
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
    if (this.isPending || (!isRunning && this.signature() !== this.seen)) this.ask();
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
        if (!this.isDisposed && this.isPending && this.connection.state === 'down')
          this.tell.trouble([
            {
              code: 'daemon-down',
              message: 'the notebook is saved, and its blocks are not updated yet: DAGpy is not running',
              remedy: 'they are updated as soon as it is',
            },
          ]);
        return;
      }
      const seen = this.signature();
      try {
        const wasPending = this.isPending;
        if (this.notebook.subject.kind === 'flow') await this.mergeFlow();
        else if (this.notebook.subject.kind === 'block') await this.mergeFile();
        this.seen = seen;
        const isReadOnly = this.notebook.project.view?.isReadOnly === true;
        this.tell.trouble(wasPending && isReadOnly ? [READ_ONLY] : []);
        // Nothing that is asked again would change it; the next save asks.
        if (isReadOnly) this.isPending = false;
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        this.seen = seen;
        this.isPending &&= error.problems.some(({ code }) => code === 'daemon-down');
        this.tell.trouble(error.problems);
      }
    } while (this.isAgain);
  }

  private async mergeFlow(): Promise<void> {
    const { notebook } = this;
    const { model, project, panel } = notebook;
    // What only reads like a flow becomes one when a person saves it.
    if (notebook.subject.kind === 'flow' && notebook.subject.record === null && !this.isPending) return;
    // Until one version is chosen there is nothing to agree on.
    if (hasOpenConflict(model)) return;
    const isReadOnly = project.view?.isReadOnly === true;
    const isUnsaved = model.dirty || isReadOnly;
    const sent = notebook.content();
    const answer = await project.call('mergeFlow', { path: notebook.path, content: sent, isUnsaved });
    if (this.isDisposed || model.isDisposed) return;
    notebook.quietly(() => {
      const { collided } = applyContent(model, sent, answer.content);
      this.bringRecord(sent, answer.content, collided);
      this.endRuns();
    });
    if (!isUnsaved) this.isPending = false;
    notebook.noteSaved(isUnsaved ? this.savedPart(answer.content) : answer.content);
    notebook.look();
    if (answer.renamed.length > 0) this.tell.renamed(answer.renamed);
    if (answer.conflicts.length > 0) {
      this.tell.conflict(answer.conflicts);
      return;
    }
    if (isUnsaved || model.dirty || panel.context.contentsModel?.writable === false) return;
    if (this.inFile === JSON.stringify(notebook.content())) return;
    await this.saveOwn();
  }

  /** What a run showed that ended while nobody looked is known by now for what it is. */
  private endRuns(): void {
    for (const { view, cells } of this.notebook.shown) {
      if (view?.state === 'running' || view?.state === 'queued') continue;
      for (const id of cells) {
        const cell = this.notebook.cell(id);
        const dagpy = cell?.getMetadata('dagpy') as JSONObject | undefined;
        if (cell === undefined || marksOf(dagpy).live !== true) continue;
        const { live: _, ...rest } = dagpy ?? {};
        if (Object.keys(rest).length === 0) cell.deleteMetadata('dagpy');
        else cell.setMetadata('dagpy', rest);
      }
    }
  }

  /** The file gets what came from the blocks; a person's edits that came meanwhile are theirs to save. */
  private async saveOwn(): Promise<void> {
    this.isOwnSave = true;
    try {
      await this.notebook.panel.context.save();
    } catch {
      // Lab has told it, and what was not saved is merged when it is.
    } finally {
      this.isOwnSave = false;
    }
  }

  /** Sources that the blocks have: of cells with unsaved edits, what they were made from is not known any more. */
  private savedPart(content: NotebookContent): NotebookContent {
    const { notebook } = this;
    const cells = Array.isArray(content['cells']) ? content['cells'] : [];
    const isClean = (cell: unknown): boolean =>
      typeof cell === 'object' &&
      cell !== null &&
      'id' in cell &&
      typeof cell.id === 'string' &&
      !notebook.isEdited(cell.id);
    return { ...content, cells: cells.filter(isClean) };
  }

  /**
   * The record of what the notebook was made from. Of cells that a person edited while the answer was on its way it stays
   * as it was, so that the next merge sees what both sides did.
   */
  private bringRecord(sent: NotebookContent, next: NotebookContent, collided: ReadonlySet<string>): void {
    const { model } = this.notebook;
    const metadata = next['metadata'] as JSONObject;
    const dagpy = metadata['dagpy'] as JSONObject | undefined;
    const after = recordOf(dagpy);
    if (dagpy === undefined || after === null) return;
    const before = recordOf((sent['metadata'] as JSONObject)['dagpy']);
    const old = new Map(before?.blocks.flatMap(({ cells }) => cells.map(cell => [cell.id, cell] as const)));
    const flow: FlowRecord = {
      ...after,
      blocks: after.blocks.map(block => ({
        ...block,
        cells: block.cells.map(cell => (collided.has(cell.id) ? (old.get(cell.id) ?? cell) : cell)),
      })),
    };
    const wanted = { ...dagpy, flow: flow as unknown as JSONObject };
    if (JSON.stringify(model.getMetadata('dagpy')) !== JSON.stringify(wanted))
      model.setMetadata('dagpy', wanted);
    const widgets = metadata['widgets'];
    if (widgets !== undefined && JSON.stringify(model.getMetadata('widgets')) !== JSON.stringify(widgets))
      model.setMetadata('widgets', widgets);
  }

  private async mergeFile(): Promise<void> {
    const { notebook, base } = this;
    const { model, project, panel } = notebook;
    if (model.collaborative) return;
    const isUnsaved = model.dirty;
    const sent = notebook.content();
    const answer = await project.call('mergeNotebook', { path: notebook.path, base, content: sent });
    if (this.isDisposed || model.isDisposed) return;
    notebook.quietly(() => applyContent(model, sent, answer.content));
    this.base = answer.base;
    if (!isUnsaved || answer.conflicts.length > 0) notebook.noteSaved(answer.base);
    else notebook.noteSaved(this.savedPart(answer.base));
    notebook.look();
    if (answer.conflicts.length > 0) this.tell.conflict(answer.conflicts);
    await this.acceptFile(panel.context);
  }

  /**
   * The file on disk is what the editor was just brought up to, so that the next save does not ask whose version to keep.
   * Moving a file to where it is makes Lab look at it anew.
   */
  private async acceptFile(context: DocumentRegistry.Context): Promise<void> {
    const { path } = context;
    const known = context.contentsModel;
    const now = await this.contents.get(path, { content: false });
    if (known === null || known.last_modified === now.last_modified) return;
    await this.contents.rename(path, path);
  }
}
