/** The file of an open notebook: what it held when editor and file were last the same, and whether it is another by now. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection, type Contents } from '@jupyterlab/services';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import type { FileState } from './guardedSaves.js';
import type { OpenNotebook } from './openNotebook.js';
import { contentOf, hasCellIds } from './plainCells.js';

/** What an editor held before anybody edited it, and of which version of its file that was. */
export interface LoadedFile {
  readonly content: NotebookContent;
  readonly state: FileState;
}

/** @returns `null`: it has been edited already, or is of no file */
export function loadedFile({ context, content: { model } }: NotebookPanel): LoadedFile | null {
  const { contentsModel } = context;
  if (model === null || model.dirty || contentsModel === null) return null;
  const { hash, last_modified } = contentsModel;
  return { content: contentOf(model), state: { ...(hash === undefined ? {} : { hash }), last_modified } };
}

/**
 * What edits are held against when DAGpy first looks at a notebook.
 * @param loaded as it was when it was opened, which may be long ago if DAGpy could not be asked
 * @returns `null`: not known
 */
export function firstBase(panel: NotebookPanel, loaded: LoadedFile | null): NotebookContent | null {
  const now = loadedFile(panel);
  if (now !== null) return now.content;
  const { contentsModel } = panel.context;
  // Saved since, it is of another version, and what that one held nobody noted.
  return loaded !== null && contentsModel !== null && isSame(contentsModel, loaded.state)
    ? loaded.content
    : null;
}

export class OpenFile {
  private saving: { readonly content: NotebookContent; readonly edits: number } | null = null;
  /** Version of the file whose edits the editor has; `null`: none. What Lab notes may be newer: a rename looks anew. */
  private version: FileState | null;

  constructor(
    private readonly notebook: OpenNotebook,
    private readonly contents: Contents.IManager,
    private _base: NotebookContent | null,
  ) {
    this.version = notebook.panel.context.contentsModel;
  }

  /** What edits are held against; `null`: not known before the next save. */
  get base(): NotebookContent | null {
    return this._base;
  }

  set base(content: NotebookContent) {
    this._base = content;
  }

  /** A save begins: it writes what the notebook holds now. */
  beginSave(): void {
    this.saving = { content: this.notebook.content(), edits: this.notebook.edits };
  }

  /** Edits of the person that are in what is being saved, or was saved last. */
  get savedEdits(): number {
    return this.saving?.edits ?? 0;
  }

  /** The save is over. @returns what was written */
  endSave(): NotebookContent {
    const { content, edits } = this.saving ?? {
      content: this.notebook.content(),
      edits: this.notebook.edits,
    };
    // Lab takes what was typed meanwhile for saved.
    if (edits !== this.notebook.edits) this.notebook.model.dirty = true;
    this._base = content;
    this.version = this.notebook.panel.context.contentsModel;
    return content;
  }

  /** The file as it is now; `null`: there is none any more. */
  async look(): Promise<FileState | null> {
    try {
      return await this.contents.get(this.path, { content: false, hash: true });
    } catch (error) {
      if (error instanceof ServerConnection.ResponseError && error.response.status === 404) return null;
      throw error;
    }
  }

  /** Whether it is what the editor loaded, saved or merged last. */
  isKnown(state: FileState): boolean {
    return this.version !== null && isSame(this.version, state);
  }

  /** Finds what was loaded where that is not known and still on disk. */
  async findBase(): Promise<void> {
    if (this._base !== null) return;
    const now = await this.contents.get(this.path, { type: 'notebook', content: true, hash: true });
    const content = now.content as NotebookContent;
    if (this._base === null && this.isKnown(now) && hasCellIds(content)) this._base = content;
  }

  /**
   * The editor was brought up to this version of the file, so that the next save does not ask whose version to keep.
   * Moving a file to where it is makes Lab look at it anew.
   * @returns whether the file still is that version
   */
  async accept(state: FileState): Promise<boolean> {
    const now = await this.look();
    if (now === null || !isSame(now, state)) return false;
    this.version = state;
    const { context } = this.notebook.panel;
    if (context.contentsModel !== null && isSame(context.contentsModel, state)) return true;
    await this.contents.rename(this.path, this.path);
    return context.contentsModel?.last_modified === state.last_modified;
  }

  private get path(): string {
    return this.notebook.panel.context.path;
  }
}

function isSame(one: FileState, other: FileState): boolean {
  const isHashed = Boolean(one.hash) && Boolean(other.hash);
  return isHashed ? one.hash === other.hash : one.last_modified === other.last_modified;
}
