/**
 * The kernel of one open notebook and the values of blocks in it: loads them, loads them again after a restart, and knows
 * whether they are older than the blocks. It asks the daemon only when a digest that counts is another.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { KernelCode } from '../../protocol/resident/calls.js';

import { problemsOf } from '../problems.js';
import type { IProjectModel } from '../tokens.js';
import { askKernel, KernelGone, loadInto, type LoadOutcome } from './kernelReport.js';
import { blocksOf, signatureOf, subjectOf, type Subject } from './relevant.js';

export type KernelState =
  /** No kernel, or it has not been asked yet. */
  | { readonly kind: 'unknown' }
  /** Nothing ran in it and nothing was loaded. */
  | { readonly kind: 'empty' }
  /** A person ran cells; no blocks' values were loaded. */
  | { readonly kind: 'own' }
  | { readonly kind: 'loading' }
  | {
      readonly kind: 'loaded';
      readonly names: readonly string[];
      /** `null`: loaded by another page, or before this one was reloaded. */
      readonly outcome: LoadOutcome | null;
      readonly notes: readonly string[];
    }
  /** `isBroken`: nothing can be loaded until the project can be read again. */
  | { readonly kind: 'failed'; readonly why: readonly string[]; readonly isBroken: boolean }
  /** Not the project's kernel. */
  | { readonly kind: 'foreign'; readonly kernel: string };

export type What = 'inputs' | 'state';

interface Wanted {
  readonly block: string;
  readonly what: What;
}

/** What the kernel was given of one block. */
interface Holding extends Wanted {
  readonly version: string;
  readonly names?: readonly string[];
}

/** Code that can be run at once. */
interface Prepared extends Wanted {
  readonly code: KernelCode;
}

/** A kernel drops what is queued when a cell before it fails. */
const MOST_ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 200;

export class KernelSession implements IDisposable {
  private _state: KernelState = { kind: 'unknown' };
  private _isOlder = false;
  private _isDisposed = false;
  private holdings: readonly Holding[] = [];
  /** What the kernel gets right after a restart, before anybody else's code. */
  private prepared: readonly Prepared[] = [];
  private signature: string | null = null;
  private turn = 0;
  private asked: Kernel.IKernelConnection | null = null;
  private readonly _changed = new Signal<this, void>(this);

  /** @param fills whether a kernel that is empty gets the inputs of the notebook's block by itself */
  constructor(
    readonly panel: NotebookPanel,
    readonly model: IProjectModel,
    private readonly trans: TranslationBundle,
    private fills: boolean,
  ) {
    const { sessionContext } = panel;
    sessionContext.kernelChanged.connect(this.lookAtKernel, this);
    sessionContext.statusChanged.connect(this.followStatus, this);
    sessionContext.iopubMessage.connect(this.noticeCells, this);
    model.changed.connect(this.followProject, this);
    void sessionContext.ready.then(() => this.lookAtKernel());
  }

  get state(): KernelState {
    return this._state;
  }

  /** The kernel holds values that are not those of the blocks any more. */
  get isOlder(): boolean {
    return this._isOlder;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get subject(): Subject | null {
    const { view } = this.model;
    return view === null ? null : subjectOf(view, this.path, this.panel);
  }

  /** What was loaded last; `null`: nothing. */
  get loadedWhat(): What | null {
    return this.holdings.at(-1)?.what ?? null;
  }

  /** Path of the notebook on the server. */
  get path(): string {
    return this.panel.context.localPath;
  }

  /** Resolves when the kernel has the values, or when it is told why not. */
  async load(what: What): Promise<void> {
    const { subject } = this;
    if (subject === null) return;
    await this.loadBlocks(blocksOf(subject).map(({ id }) => ({ block: id, what })));
  }

  /** From now on an empty kernel of this notebook gets what its block is given. */
  fill(): Promise<void> {
    this.fills = true;
    return this.load('inputs');
  }

  dispose(): void {
    if (this._isDisposed) return;
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private get kernel(): Kernel.IKernelConnection | null {
    return this.panel.sessionContext.session?.kernel ?? null;
  }

  private async loadBlocks(wanted: readonly Wanted[]): Promise<void> {
    const turn = (this.turn += 1);
    this.set({ kind: 'loading' });
    try {
      // The code is asked for while the kernel still starts.
      const codes = await this.prepare(wanted);
      await this.panel.sessionContext.ready;
      await this.runCodes(codes, turn);
    } catch (error) {
      if (turn === this.turn)
        this.set({
          kind: 'failed',
          why: problemsOf(error).map(({ message, remedy }) => [message, remedy].filter(Boolean).join(': ')),
          isBroken: (this.model.view?.problems.length ?? 0) > 0,
        });
    }
  }

  private async prepare(wanted: readonly Wanted[]): Promise<readonly Prepared[]> {
    const codes = await Promise.all(
      wanted.map(async ({ block, what }) => ({
        block,
        what,
        code: await this.model.call('kernelCode', { block, what }),
      })),
    );
    this.prepared = codes;
    return codes;
  }

  private async runCodes(codes: readonly Prepared[], turn: number): Promise<void> {
    for (let attempt = 1; turn === this.turn; attempt += 1) {
      const { kernel } = this;
      if (kernel === null) return this.set({ kind: 'unknown' });
      if (this.isForeign(kernel)) return;
      this.asked = kernel;
      const signature = this.signatureNow(codes[0]?.what ?? 'inputs');
      try {
        const outcomes = await Promise.all(codes.map(({ code }) => loadInto(kernel, code.code)));
        if (turn === this.turn) this.settle(codes, outcomes, signature);
        return;
      } catch (error) {
        if (!(error instanceof KernelGone) || attempt === MOST_ATTEMPTS) throw error;
        await new Promise(resolve => setTimeout(resolve, PAUSE_MILLISECONDS));
      }
    }
  }

  private settle(
    codes: readonly Prepared[],
    outcomes: readonly LoadOutcome[],
    signature: string | null,
  ): void {
    this.holdings = codes.map(({ block, what, code: { version } }, place) => ({
      block,
      what,
      version,
      names: outcomes[place]?.names ?? [],
    }));
    this.signature = signature;
    this._isOlder = false;
    const outcome: LoadOutcome = {
      ok: outcomes.every(({ ok }) => ok),
      names: [...new Set(outcomes.flatMap(({ names }) => names))],
      failed: outcomes.flatMap(({ failed }) => failed),
      milliseconds: outcomes.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    };
    const notes = [...new Set(codes.flatMap(({ code }) => code.notes))];
    this.set({ kind: 'loaded', names: outcome.names, outcome, notes });
    // What changed while it was loaded is looked at now.
    this.followProject();
  }

  private isForeign(kernel: Kernel.IKernelConnection): boolean {
    const { view } = this.model;
    if (view === null || kernel.name === view.kernel) return false;
    this.set({ kind: 'foreign', kernel: kernel.name });
    return true;
  }

  /** A kernel came, or another one, or the project became known: what is in it? */
  private lookAtKernel(): void {
    const { kernel, subject } = this;
    if (kernel === null) {
      this.asked = null;
      this._isOlder = false;
      return this.set({ kind: 'unknown' });
    }
    if (subject === null || kernel === this.asked || this._state.kind === 'loading') return;
    if (this.isForeign(kernel)) return;
    this.asked = kernel;
    this.holdings = [];
    const turn = (this.turn += 1);
    void askKernel(kernel).then(
      ({ held, count }) => {
        if (turn !== this.turn || this._isDisposed) return;
        this.holdings = held.filter(({ block }) => blocksOf(subject).some(({ id }) => id === block));
        if (this.holdings.length > 0) {
          const names = [...new Set(this.holdings.flatMap(each => each.names ?? []))];
          this.set({ kind: 'loaded', names, outcome: null, notes: [] });
          // An empty signature differs from any: the versions are compared once.
          this.signature = '';
          this.followProject();
        } else if (count <= 1) {
          this.set({ kind: 'empty' });
          if (this.fills && this.mayFill(subject)) void this.load('inputs');
        } else {
          this.becomeOwn();
        }
      },
      () => {
        // It went away meanwhile; the next one is asked.
        if (turn === this.turn) this.asked = null;
      },
    );
  }

  /** Code runs by itself only where this person ran the very same before: the prelude is fresh. */
  private mayFill(subject: Subject): boolean {
    const { view } = this.model;
    if (view === null || subject.kind !== 'block' || subject.block.parents.length === 0) return false;
    const prelude = view.blocks.find(({ id }) => id === view.prelude);
    return prelude === undefined || prelude.state === 'fresh';
  }

  private followStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') this.restart();
  }

  /** What is prepared is put in line at once, in front of whatever a person runs next. */
  private restart(): void {
    const again = this.prepared;
    this._isOlder = false;
    this.holdings = [];
    this.asked = null;
    const turn = (this.turn += 1);
    if (again.length === 0) return this.set({ kind: 'unknown' });
    this.set({ kind: 'loading' });
    // What is queued before the connection has cleared its state would be lost.
    void Promise.resolve()
      .then(() => this.runCodes(again, turn))
      .then(() => this.compare())
      .catch(() => {
        if (turn === this.turn) void this.loadBlocks(again);
      });
  }

  /** A cell of a person, whichever page or console it comes from: silent code is not announced. */
  private noticeCells(_: unknown, message: KernelMessage.IMessage): void {
    if (this._state.kind === 'empty' && message.header.msg_type === 'execute_input') this.becomeOwn();
  }

  private becomeOwn(): void {
    this.signature = this.signatureNow('state');
    this.set({ kind: 'own' });
    this.prepareFilling();
  }

  /** For the next restart, where an empty kernel is filled. */
  private prepareFilling(): void {
    const { subject } = this;
    if (subject?.kind !== 'block' || !this.fills || !this.mayFill(subject)) return;
    void this.prepare([{ block: subject.block.id, what: 'inputs' }]).catch(() => undefined);
  }

  private followProject(): void {
    if (this._isDisposed) return;
    if (this.asked === null) return this.lookAtKernel();
    const { kind } = this._state;
    if (this._state.kind === 'failed' && this._state.isBroken && this.model.view?.problems.length === 0) {
      this.asked = null;
      this.lookAtKernel();
    } else if (kind === 'foreign') {
      const { kernel } = this;
      if (kernel !== null && kernel.name === this.model.view?.kernel) {
        this.asked = null;
        this.lookAtKernel();
      }
    } else if (this.kernel !== null && this.isForeign(this.kernel)) {
      // The project moved to another kernel.
      this.holdings = [];
      this.prepared = [];
      this.setOlder(false);
    } else if (kind === 'loaded' || kind === 'own') this.compareWhereChanged(kind);
    this._changed.emit();
  }

  private compareWhereChanged(kind: 'loaded' | 'own'): void {
    const signature = this.signatureNow(kind === 'own' ? 'state' : (this.loadedWhat ?? 'inputs'));
    if (signature === null || signature === this.signature) return;
    this.signature = signature;
    if (kind === 'loaded') void this.compare().catch(() => undefined);
    else {
      // Nobody can say what a person's own values are worth; that the blocks moved on is certain.
      this.setOlder(true);
      this.prepareFilling();
    }
  }

  private async compare(): Promise<void> {
    const { turn, holdings } = this;
    const current = await this.prepare(holdings);
    if (turn !== this.turn || this._isDisposed) return;
    this.setOlder(holdings.some(({ version }, place) => version !== current[place]?.code.version));
  }

  private signatureNow(what: What): string | null {
    const { view } = this.model;
    const { subject } = this;
    return view === null || subject === null ? null : signatureOf(view, blocksOf(subject), what);
  }

  private setOlder(isOlder: boolean): void {
    if (this._isOlder === isOlder) return;
    this._isOlder = isOlder;
    this._changed.emit();
  }

  private set(state: KernelState): void {
    if (this._isDisposed) return;
    this._state = state;
    this._changed.emit();
  }

  /** Why there is nothing to load, in words; empty: there is. */
  get obstacle(): string {
    const { state, subject } = this;
    if (subject === null) return this.trans.__('This notebook belongs to no block of a DAGpy project.');
    if (state.kind === 'foreign')
      return this.trans.__(
        'This notebook runs on the kernel %1, the project on %2: values of blocks can only be loaded into %2.',
        state.kernel,
        this.model.view?.kernel ?? '',
      );
    if (this.kernel === null) return this.trans.__('No kernel is running for this notebook.');
    return '';
  }
}
