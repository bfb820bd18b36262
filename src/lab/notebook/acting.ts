/**
 * Of several pages that share one model, one acts for DAGpy: what all of them did would be there once for each. Where
 * nobody shares it, the page itself.
 *
 * Pages tell each other through awareness, which newcomers are not told of by the server: whoever is there already
 * tells them, and they wait for that before they take a place behind all others. The page with the first place acts.
 */
import type { INotebookModel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';
import { digestOfCells } from './plainCells.js';

/** What a page tells of itself. */
interface Told {
  /** `null`: it has just come. */
  readonly place: number | null;
  /** Asks the page that acts to bring these cells into the blocks. */
  readonly ask: { readonly number: number; readonly cells: string } | null;
  /** By page, the last one that was asked for and is done. */
  readonly done: Readonly<Record<string, number>>;
}

const FIELD = 'dagpy';
/** Until pages that are there already have said so. */
const HEARING = 1000;
/** Until pages that came at the same time have said which place they take. */
const CLAIMING = 400;
/** Content and what is asked about it come one after the other. */
const ARRIVING = 1000;
/** The page that acts is no longer there, though nobody said so. */
const ANSWERING = 8000;

export class Acting {
  private told: Told = { place: null, ask: null, done: {} };
  private isSettled: boolean;
  private wasActing = false;
  private timers: ReturnType<typeof setTimeout>[] = [];
  private readonly heard = new Set<number>();
  /** By page, the last one that was asked for. */
  private readonly begun = new Map<string, number>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _asked = new Signal<this, () => void>(this);
  private readonly answered = new Signal<this, void>(this);

  constructor(private readonly model: INotebookModel) {
    this.isSettled = !model.collaborative;
    if (this.isSettled) return;
    this.awareness.on('change', this.onAwareness);
    window.addEventListener('pagehide', this.leave);
    window.addEventListener('pageshow', this.comeBack);
    this.tell({});
    this.later(HEARING, () => {
      this.tell({ place: 1 + Math.max(0, ...this.others.map(({ told }) => told.place ?? 0)) });
      this.later(CLAIMING, () => {
        this.isSettled = true;
        this.look();
      });
    });
  }

  get isActing(): boolean {
    if (!this.model.collaborative) return true;
    const { place } = this.told;
    const own = this.awareness.clientID;
    return (
      this.isSettled &&
      place !== null &&
      this.others.every(
        ({ page, told }) => told.place === null || place < told.place || (place === told.place && own < page),
      )
    );
  }

  /** This page acts from now on, or not any more. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Another page wants the blocks to be as the notebook is; to be called back when they are. */
  get asked(): ISignal<this, () => void> {
    return this._asked;
  }

  /** Has the page that acts bring what this one shows into the blocks. Resolves also where none answers. */
  async ask(): Promise<void> {
    const number = (this.told.ask?.number ?? 0) + 1;
    const isDone = (): boolean =>
      this.isActing ||
      this.others.some(({ told }) => (told.done[String(this.awareness.clientID)] ?? 0) >= number);
    await new Promise<void>(resolve => {
      const finish = (): void => {
        this.answered.disconnect(look);
        resolve();
      };
      const look = (): void => {
        if (isDone()) finish();
      };
      this.answered.connect(look);
      this.later(ANSWERING, finish);
      this.tell({ ask: { number, cells: digestOfCells(this.model) } });
    });
  }

  dispose(): void {
    for (const timer of this.timers) clearTimeout(timer);
    if (this.model.collaborative === true) {
      this.awareness.off('change', this.onAwareness);
      window.removeEventListener('pagehide', this.leave);
      window.removeEventListener('pageshow', this.comeBack);
      this.leave();
    }
    Signal.clearData(this);
  }

  private get awareness(): INotebookModel['sharedModel']['awareness'] {
    return this.model.sharedModel.awareness;
  }

  private get others(): readonly { readonly page: number; readonly told: Told }[] {
    return [...this.awareness.getStates()].flatMap(([page, state]) => {
      const told = page === this.awareness.clientID ? null : decode(state[FIELD]);
      return told === null ? [] : [{ page, told }];
    });
  }

  private tell(news: Partial<Told>): void {
    this.told = { ...this.told, ...news };
    this.awareness.setLocalStateField(FIELD, this.told);
  }

  /** Otherwise the others would wait half a minute for a sign of life. */
  private readonly leave = (): void => this.awareness.setLocalStateField(FIELD, null);

  private readonly comeBack = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) this.tell({});
  };

  private readonly onAwareness = (): void => {
    const { awareness, others } = this;
    // A connection that was made anew begins with nothing.
    const isUntold = awareness.getLocalState() !== null && awareness.getLocalState()?.[FIELD] === undefined;
    const isNew = others.some(({ page }) => !this.heard.has(page));
    this.heard.clear();
    for (const { page } of others) this.heard.add(page);
    // Whoever has just come knows of nobody.
    if (isNew || isUntold) this.tell({});
    this.look();
    this.answered.emit();
    if (this.isActing) for (const { page, told } of others) void this.answer(page, told);
  };

  private look(): void {
    const { isActing } = this;
    if (isActing === this.wasActing) return;
    this.wasActing = isActing;
    this._changed.emit();
    this.answered.emit();
  }

  private async answer(page: number, { ask }: Told): Promise<void> {
    const key = String(page);
    if (ask === null || ask.number <= (this.begun.get(key) ?? 0)) return;
    this.begun.set(key, ask.number);
    await this.arrival(ask.cells);
    this._asked.emit(() => this.tell({ done: { ...this.told.done, [key]: ask.number } }));
  }

  /** Somebody else may be typing meanwhile, so that it never is the same. */
  private async arrival(cells: string): Promise<void> {
    const end = performance.now() + ARRIVING;
    while (performance.now() < end && !this.model.isDisposed && digestOfCells(this.model) !== cells)
      await new Promise<void>(resolve => {
        this.later(50, resolve);
      });
  }

  private later(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers = this.timers.filter(other => other !== timer);
      act();
    }, milliseconds);
    this.timers.push(timer);
  }
}

/** Other pages may have another version of this extension. */
function decode(value: unknown): Told | null {
  if (!isRecord(value)) return null;
  const { place, ask, done } = value;
  return {
    place: typeof place === 'number' ? place : null,
    ask:
      isRecord(ask) && typeof ask['number'] === 'number' && typeof ask['cells'] === 'string'
        ? { number: ask['number'], cells: ask['cells'] }
        : null,
    done: isRecord(done)
      ? Object.fromEntries(
          Object.entries(done).flatMap(([page, number]) =>
            typeof number === 'number' ? [[page, number] as const] : [],
          ),
        )
      : {},
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
