/** Runs of one project, one at a time in the order in which they were asked for. */
import type { RunRequest } from '../../engine/index.js';
import type { Json } from '../../protocol/dagFile.js';
import type { RunEvent } from '../../protocol/events.js';
import type { RunId } from '../../protocol/ids.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { LoadedProject } from '../loadProject.js';
import type { OpenedForRun } from './ports.js';
import type { RunReport } from '../../protocol/reports.js';

export interface AskedRun {
  readonly request: RunRequest;
  readonly jobs: number;
  readonly by: string;
  /** Of who asks; absent: the daemon's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Values of the project's parameters, from their defaults. Throws a `ProblemError` for wrong ones. */
  parameters(defaults: ReadonlyMap<string, Json>): ReadonlyMap<string, Json>;
  /** Told everything that happens. */
  readonly listener?: (event: RunEvent) => void;
  /** Called when all went well, before the project is closed. */
  readonly afterwards?: (opened: OpenedForRun, loaded: LoadedProject) => void;
}

export interface RunEnd {
  readonly report: RunReport;
  readonly problems: readonly Problem[];
  readonly isCancelled: boolean;
}

export interface WaitingRun {
  readonly run: RunId;
  readonly asked: AskedRun;
  readonly cancel: AbortController;
  /** It has been planned and goes on whoever listens. */
  begin(): void;
}

export interface QueuedRun {
  readonly run: RunId;
  /** Rejects where it can not begin. */
  readonly began: Promise<void>;
  readonly ended: Promise<RunEnd>;
}

/** What waits for its turn, or has it. */
interface Entry {
  /** `null`: somebody else works on the project, and nothing runs meanwhile. */
  readonly run: RunId | null;
  start(): Promise<void>;
  refuse(error: unknown): void;
  cancel(): void;
}

export class RunQueue {
  private readonly waiting: Entry[] = [];
  private current: (Entry & { readonly over: Promise<void> }) | undefined;

  /** @param carryOut resolves when the next one may begin */
  constructor(
    private readonly carryOut: (run: WaitingRun, end: (ended: RunEnd) => void) => Promise<void>,
    private readonly changed: () => void,
  ) {}

  /** Nothing runs, and nobody has a turn. */
  get isIdle(): boolean {
    return this.current === undefined;
  }

  get count(): number {
    return this.waiting.length;
  }

  add(run: RunId, asked: AskedRun): QueuedRun {
    const began = promised<void>();
    const ended = promised<RunEnd>();
    // Who only wants to know that it began need not wait for the end.
    ended.promise.catch(() => undefined);
    const refuse = (error: unknown): void => {
      began.reject(error);
      ended.reject(error);
    };
    const cancel = new AbortController();
    const waiting: WaitingRun = { run, asked, cancel, begin: began.resolve };
    const start = (): Promise<void> => this.carryOut(waiting, ended.resolve).catch(refuse);
    this.put({ run, start, refuse, cancel: () => cancel.abort() });
    return { run, began: began.promise, ended: ended.promise };
  }

  /**
   * Nothing runs while somebody does something else to the project.
   * @param use is told when this process ends
   * @param gone aborted where nobody waits for the turn any more
   */
  turn<Value>(use: (ends: AbortSignal) => Promise<Value>, gone?: AbortSignal): Promise<Value> {
    const done = promised<Value>();
    const ends = new AbortController();
    const entry: Entry = {
      run: null,
      start: () => use(ends.signal).then(done.resolve, done.reject),
      refuse: done.reject,
      cancel: () => ends.abort(),
    };
    gone?.addEventListener('abort', () => void this.takeBack(entry), { once: true });
    this.put(entry);
    return done.promise;
  }

  /** @param run absent: the one that is on. @returns whether there was one to cancel */
  cancel(run?: string): boolean {
    const { current } = this;
    if (current !== undefined && (run === undefined ? current.run !== null : run === current.run)) {
      current.cancel();
      return true;
    }
    const entry = this.waiting.find(each => each.run === run);
    return entry !== undefined && this.takeBack(entry);
  }

  /** Cancels all; resolves when nothing runs any more. */
  async end(): Promise<void> {
    for (const { refuse } of this.waiting.splice(0)) refuse(new ProblemError([TAKEN_BACK]));
    this.current?.cancel();
    await this.current?.over;
  }

  private takeBack(entry: Entry): boolean {
    const place = this.waiting.indexOf(entry);
    if (place < 0) return false;
    this.waiting.splice(place, 1);
    entry.refuse(new ProblemError([TAKEN_BACK]));
    this.changed();
    return true;
  }

  private put(entry: Entry): void {
    this.waiting.push(entry);
    this.next();
  }

  private next(): void {
    const next = this.current === undefined ? this.waiting.shift() : undefined;
    if (next !== undefined) {
      const over = next.start().finally(() => {
        this.current = undefined;
        this.next();
      });
      this.current = { ...next, over };
    }
    this.changed();
  }
}

const TAKEN_BACK: Problem = {
  code: 'cancelled',
  message: 'the run was cancelled before it began',
  remedy: 'start it again',
};

function promised<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
