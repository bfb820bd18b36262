/** An open notebook of a project: which blocks it shows, which cells are theirs, and what was edited since it was saved. */
import { isCodeCellModel, type CodeCellModel, type ICellModel } from '@jupyterlab/cells';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { FlowRecord } from '../../protocol/flow/record.js';
import type { BlockView } from '../../protocol/resident/view.js';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import type { IProjectModel } from '../tokens.js';
import { Acting } from './acting.js';
import { KernelRuns } from './kernelRuns.js';
import {
  headerIn,
  marksOf,
  membershipOf,
  recordOf,
  type CellFacts,
  type Membership,
  type Section,
} from './membership.js';
import { contentOf, decodeCells } from './plainCells.js';
import { pathIn } from '../kernel/relevant.js';

/** `none`: it lies in a project and has to do with none of its blocks. */
export type Subject =
  | { readonly kind: 'none' }
  /** The notebook is the block's own. */
  | { readonly kind: 'block'; readonly block: string }
  /** It shows blocks, and perhaps other cells. */
  | { readonly kind: 'flow'; readonly record: FlowRecord | null };

/** A block as the notebook shows it. */
export interface ShownBlock {
  /** Permanent identity; of one that nobody has saved yet, the name in its header. */
  readonly key: string;
  readonly name: string;
  /** `null`: the project does not have it, yet or any more. */
  readonly view: BlockView | null;
  readonly isNew: boolean;
  /** Its header cell; `null`: it has none. */
  readonly header: string | null;
  readonly section: Section;
  readonly cells: readonly string[];
}

export class OpenNotebook implements IDisposable {
  private _subject: Subject = { kind: 'none' };
  private _membership: Membership = membershipOf([], null);
  private _shown: readonly ShownBlock[] = [];
  private homes: ReadonlyMap<string, ShownBlock> = new Map();
  /** Sources of cells as they were loaded or saved, or came from the blocks. */
  private saved: ReadonlyMap<string, string> = new Map();
  private savedOrder: readonly string[] = [];
  private byId: ReadonlyMap<string, ICellModel> = new Map();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isOwnChange = false;
  private isQuiet = false;
  private _edits = 0;
  private readonly _changed = new Signal<this, void>(this);
  /** Who of the pages that share the notebook acts for all. */
  readonly acting: Acting;
  /** What a kernel is about to show must not be mixed with what comes from elsewhere. */
  readonly kernelRuns: KernelRuns;
  isDisposed = false;

  /** @param base what its file holds; `null`: not known */
  constructor(
    readonly panel: NotebookPanel,
    readonly model: INotebookModel,
    readonly project: IProjectModel,
    base: NotebookContent | null,
  ) {
    project.changed.connect(this.schedule, this);
    model.contentChanged.connect(this.onContent, this);
    model.metadataChanged.connect(this.onContent, this);
    this.acting = new Acting(model);
    this.kernelRuns = new KernelRuns(panel.content);
    this.noteSaved(base ?? this.content());
    this.look();
  }

  get subject(): Subject {
    return this._subject;
  }

  get membership(): Membership {
    return this._membership;
  }

  /** In the order of the notebook. */
  get shown(): readonly ShownBlock[] {
    return this._shown;
  }

  /** Blocks, cells or states may be others; several changes in a row are told once. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Path in the contents manager, without a drive. */
  get path(): string {
    return this.panel.context.localPath;
  }

  blockOf(cell: string): ShownBlock | undefined {
    return this.homes.get(cell);
  }

  /** As the editor has it; every cell with its id. */
  content(): NotebookContent {
    return contentOf(this.model);
  }

  /** How often somebody else than DAGpy changed something: a person, or a kernel. */
  get edits(): number {
    return this._edits;
  }

  cell(id: string): ICellModel | undefined {
    const known = this.byId.get(id);
    if (known !== undefined && !known.isDisposed) return known;
    // It came since the last look.
    return [...this.model.cells].find(cell => cell.id === id);
  }

  codeCell(id: string): CodeCellModel | undefined {
    const cell = this.cell(id);
    return cell !== undefined && isCodeCellModel(cell) ? (cell as CodeCellModel) : undefined;
  }

  /** Code that differs from what was saved, which is all that the daemon knows. */
  isEdited(id: string): boolean {
    const cell = this.cell(id);
    if (cell === undefined || cell.type !== 'code') return false;
    const source = cell.sharedModel.getSource();
    const before = this.saved.get(id);
    return before === undefined ? source.trim() !== '' : before !== source;
  }

  /** What the editor shows is what is saved, in the blocks or in the block's own file. */
  noteSaved(content: NotebookContent): void {
    const cells = decodeCells(content);
    this.saved = new Map(cells.map(({ id, source }) => [id, source]));
    this.savedOrder = cells.map(({ id }) => id);
  }

  /**
   * Cell of this notebook that a place in a block's own notebook stands for.
   * @param own its id there; `null`: not known. @param place 1-based among all cells there
   */
  cellAt(block: string, own: string | null, place: number): string | undefined {
    const { subject } = this;
    if (subject.kind === 'none') return undefined;
    if (subject.kind === 'block') {
      if (subject.block !== block) return undefined;
      return own !== null && this.cell(own) !== undefined
        ? own
        : own === null
          ? this.savedOrder[place - 1]
          : undefined;
    }
    const uid = this.project.block(block)?.uid;
    const cells = subject.record?.blocks.find(recorded => recorded.uid === uid)?.cells ?? [];
    const found = own === null ? cells[place - 1] : cells.find(cell => (cell.own || cell.id) === own);
    return found?.id;
  }

  /** Changes of ours are no edits of the person: the document is no dirtier than it was. */
  quietly(change: () => void): void {
    const { model } = this;
    const wasDirty = model.dirty;
    const wasQuiet = this.isQuiet;
    this.isQuiet = true;
    try {
      this.asOwn(change);
    } finally {
      this.isQuiet = wasQuiet;
      // Of a shared model the server says what is saved.
      if (!wasDirty && !model.collaborative) model.dirty = false;
    }
  }

  /** Cells that are put somewhere meanwhile were not put there by a person. */
  asOwn(change: () => void): void {
    const wasOwn = this.isOwnChange;
    this.isOwnChange = true;
    try {
      change();
    } finally {
      this.isOwnChange = wasOwn;
    }
  }

  /** Something of ours is changing the notebook right now. */
  get isChanging(): boolean {
    return this.isOwnChange;
  }

  /** Looks again now. */
  look(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isDisposed || this.model.isDisposed) return;
    this.byId = new Map([...this.model.cells].map(cell => [cell.id, cell]));
    this._subject = this.findSubject();
    const { subject } = this;
    this._membership =
      subject.kind === 'flow' ? membershipOf(factsOf(this.model), subject.record) : membershipOf([], null);
    this._shown = this.findShown();
    this.homes = new Map(
      this._shown.flatMap(block =>
        [...(block.header === null ? [] : [block.header]), ...block.cells].map(id => [id, block] as const),
      ),
    );
    this._changed.emit();
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    clearTimeout(this.timer);
    this.acting.dispose();
    this.kernelRuns.dispose();
    this.project.changed.disconnect(this.schedule, this);
    this.model.contentChanged.disconnect(this.onContent, this);
    this.model.metadataChanged.disconnect(this.onContent, this);
    Signal.clearData(this);
  }

  private onContent(): void {
    if (!this.isQuiet) this._edits += 1;
    this.schedule();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.look(), 30);
  }

  private findSubject(): Subject {
    const { view } = this.project;
    const block = view?.blocks.find(({ notebook }) => pathIn(this.project.path, notebook) === this.path);
    if (block !== undefined) return { kind: 'block', block: block.id };
    const record = recordOf(this.model.getMetadata('dagpy'));
    if (record !== null) return { kind: 'flow', record };
    const hasHeader = factsOf(this.model).some(cell => headerIn(cell) !== undefined);
    return hasHeader ? { kind: 'flow', record } : { kind: 'none' };
  }

  private findShown(): readonly ShownBlock[] {
    const { subject, project } = this;
    if (subject.kind === 'none') return [];
    if (subject.kind === 'block') {
      const view = project.block(subject.block) ?? null;
      const cells = [...this.model.cells].map(({ id }) => id);
      const key = view?.uid ?? subject.block;
      const section = { uid: key, name: subject.block, header: null, cells };
      return [{ key, name: subject.block, view, isNew: false, header: null, section, cells }];
    }
    const byUid = new Map(project.view?.blocks.map(block => [block.uid, block]));
    return this.membership.sections.map(section => ({
      key: section.uid ?? `new ${section.name}`,
      name: section.name,
      view: byUid.get(section.uid ?? '') ?? null,
      isNew: section.uid === null,
      header: section.header?.cell ?? null,
      section,
      cells: section.cells,
    }));
  }
}

/** What membership needs to know of the cells. */
export const factsOf = (model: INotebookModel): readonly CellFacts[] =>
  [...model.cells].map(cell => ({
    id: cell.id,
    type: cell.type,
    source: () => cell.sharedModel.getSource(),
    marks: marksOf(cell.getMetadata('dagpy')),
  }));
