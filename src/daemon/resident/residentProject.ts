/**
 * One project as the daemon follows it: its view in revisions, its runs, and a fresh look whenever something it rests on
 * changes. What a run makes of blocks lies over what the last look found; a later look replaces it.
 */
import { patchBetween, type ProjectPatch } from '../../protocol/resident/patch.js';
import type { OutputEvent } from '../../protocol/resident/stream.js';
import {
  type BlockView,
  type CacheView,
  type ProjectView,
  RESIDENT_VERSION,
  type RunSummary,
} from '../../protocol/resident/view.js';
import type { RunEvent } from '../../protocol/events.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { RunWatcher } from '../ports.js';
import { runProject } from '../run.js';
import { foldersOf } from '../seen.js';
import { baseView, type BaseView } from './baseView.js';
import { Failures } from './failures.js';
import { LiveOutputs } from './liveOutputs.js';
import { LiveRun } from './liveRun.js';
import type { Looked, ResidentPorts } from './ports.js';
import { type AskedRun, type QueuedRun, type RunEnd, RunQueue, type WaitingRun } from './runQueue.js';

/** Saving is often several events: write, rename, the notebook's twin of a script. */
const SETTLING_MILLISECONDS = 120;
/** For file systems that tell nothing, and for what no folder tells, such as packages. */
const LOOK_EVERY_MILLISECONDS = 2_000;
/** Of all time, comparing takes at most a twentieth. */
const COMPARISONS_BETWEEN_COMPARISONS = 19;
/** While blocks end, one look after the other would take the time that the run needs, and hold up who cancels it. */
const BETWEEN_LOOKS_OF_A_RUN_MILLISECONDS = 1_000;
/** Of a run's time, looks at a large project take at most a fifth. */
const LOOKS_BETWEEN_LOOKS_OF_A_RUN = 4;
const PUBLISH_MILLISECONDS = 50;

export type ProjectNews =
  | { readonly kind: 'patch'; readonly patch: ProjectPatch }
  | { readonly kind: 'event'; readonly run: string; readonly event: RunEvent | OutputEvent }
  /** The last one: nothing can be followed any more. */
  | { readonly kind: 'lost'; readonly problems: readonly Problem[] };

export type Follower = (news: ProjectNews) => void;

export class ResidentProject {
  private readonly followers = new Set<Follower>();
  private readonly failures: Failures;
  private readonly queue: RunQueue;
  private readonly folders: ReturnType<ResidentPorts['watch']>;
  private base: BaseView | null = null;
  private looked: Looked | undefined;
  private isFixed = false;
  private cache: CacheView | null = null;
  private live: LiveRun | null = null;
  private lastRun: RunSummary | null = null;
  /** How the last run of this session ended for blocks that did not change since. */
  private readonly endings = new Map<string, BlockView['lastRun']>();
  private view: ProjectView | null = null;
  private looking: Promise<void> | undefined;
  private nextLook: Promise<void> | undefined;
  private lastLook = { ended: 0, took: 0 };
  private lastComparison = 0;
  private settling: NodeJS.Timeout | undefined;
  private polling: NodeJS.Timeout | undefined;
  private publishing: NodeJS.Timeout | undefined;
  private isClosed = false;
  private isGone = false;

  constructor(private readonly ports: ResidentPorts) {
    this.failures = new Failures(block => ports.loggedFailure(block));
    this.queue = new RunQueue(
      (run, end) => this.carryOut(run, end),
      () => {
        this.publishSoon();
        ports.countRuns();
      },
    );
    this.folders = ports.watch(() => this.hint(SETTLING_MILLISECONDS));
  }

  get isRunning(): boolean {
    return !this.queue.isIdle;
  }

  /** Resolves to what is known now; news that come later are told, each on the revision before. */
  async follow(follower: Follower): Promise<ProjectView> {
    const view = await this.current();
    this.followers.add(follower);
    this.followFolders();
    this.poll();
    return this.view ?? view;
  }

  unfollow(follower: Follower): void {
    this.followers.delete(follower);
    if (this.followers.size > 0) return;
    clearTimeout(this.polling);
    this.folders.follow([]);
  }

  /** What is known now, after a look where something may have changed. */
  async current(): Promise<ProjectView> {
    const isKnown = this.base !== null && (await this.looked?.differences())?.length === 0;
    if (!isKnown) await this.look();
    if (this.isGone) throw new ProblemError([gone(this.ports.project)]);
    if (this.cache === null) await this.measureCache();
    this.publish();
    if (this.view === null) throw new Error('a project was looked at and has no view');
    return this.view;
  }

  /** Looks now; followers have been told when it resolves. One that is under way began too early. */
  look(): Promise<void> {
    const before = this.looking?.catch(() => undefined) ?? Promise.resolve();
    this.nextLook ??= before.then(() => {
      this.nextLook = undefined;
      this.looking = this.lookNow();
      return this.looking;
    });
    return this.nextLook;
  }

  /** Nothing can be written by now. */
  isReadOnly(): boolean {
    return this.ports.isReadOnly();
  }

  run(asked: AskedRun): QueuedRun {
    if (this.isReadOnly()) throw new ProblemError([readOnly(this.ports.project)]);
    return this.queue.add(this.ports.newRun(), asked);
  }

  /** Nothing runs while somebody does something else to what is stored. @param gone nobody waits for it any more */
  turn<Value>(use: (ends: AbortSignal) => Promise<Value>, gone?: AbortSignal): Promise<Value> {
    return this.queue.turn(use, gone);
  }

  /** @param run absent: the one that is on */
  cancel(run?: string): void {
    if (this.queue.cancel(run) && (run === undefined || run === this.live?.run)) this.live?.cancel();
    this.publish();
  }

  /** How large the store is has to be measured again. */
  forgetCache(): void {
    this.cache = null;
  }

  /** Interrupts what runs and waits for its end. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.settling);
    clearTimeout(this.polling);
    clearTimeout(this.publishing);
    this.folders.close();
    this.live?.cancel();
    await this.queue.end();
    await this.looking?.catch(() => undefined);
  }

  private async lookNow(): Promise<void> {
    if (this.isClosed) return;
    if (!this.ports.isThere()) {
      this.vanish();
      return;
    }
    const began = this.ports.now();
    const look = await this.ports.look();
    try {
      this.base = await baseView(look, {
        jobs: this.ports.cores,
        failures: this.failures,
        before: this.base,
        breathe: this.ports.breathe,
      });
    } finally {
      await look.opened?.close();
    }
    this.looked = look.looked();
    this.isFixed = this.ports.isReadOnly();
    this.live?.forget(began);
    for (const { id, state } of this.base.blocks) if (state !== 'fresh') this.endings.delete(id);
    if (this.cache === null && this.followers.size > 0) await this.measureCache();
    const ended = this.ports.now();
    this.lastLook = { ended, took: ended - began };
    if (this.followers.size > 0) this.followFolders();
    this.publish();
  }

  private vanish(): void {
    this.isGone = true;
    this.tell({ kind: 'lost', problems: [gone(this.ports.project)] });
    this.followers.clear();
    this.ports.vanished();
  }

  private followFolders(): void {
    if (this.looked === undefined) return;
    const { watched, folders } = this.looked;
    // Traces lie in many folders, and what is in them follows what is in the others.
    const inside = foldersOf(this.ports.folder, watched).filter(folder => !/[\\/]\.dagpy[\\/]/.test(folder));
    this.folders.follow([...inside, ...folders]);
  }

  /** Something may have changed: compares, and looks where it has. */
  private hint(milliseconds: number): void {
    if (this.isClosed || this.followers.size === 0) return;
    clearTimeout(this.settling);
    const { ended, took } = this.lastLook;
    const pause = Math.max(BETWEEN_LOOKS_OF_A_RUN_MILLISECONDS, LOOKS_BETWEEN_LOOKS_OF_A_RUN * took);
    const wait = this.live === null ? milliseconds : Math.max(milliseconds, ended + pause - this.ports.now());
    this.settling = setTimeout(() => void this.lookIfDifferent(), wait);
  }

  private poll(): void {
    clearTimeout(this.polling);
    if (this.isClosed || this.followers.size === 0) return;
    const pause = COMPARISONS_BETWEEN_COMPARISONS * this.lastComparison;
    this.polling = setTimeout(
      () => {
        this.hint(0);
        this.poll();
      },
      Math.max(LOOK_EVERY_MILLISECONDS, pause),
    );
  }

  private async lookIfDifferent(): Promise<void> {
    try {
      const { looked } = this;
      const began = this.ports.now();
      const differences = (await looked?.differences()) ?? [];
      this.lastComparison = this.ports.now() - began;
      if (this.isClosed || (looked !== undefined && differences.length === 0)) return;
      if (differences.some(({ kind }) => kind === 'package')) this.ports.retireWorkers();
      // Meanwhile somebody may have looked.
      await (looked === this.looked ? this.look() : this.lookIfDifferent());
    } catch (error) {
      this.ports.fault(error);
    }
  }

  private async carryOut(waiting: WaitingRun, end: (ended: RunEnd) => void): Promise<void> {
    try {
      const ended = await this.runNow(waiting);
      this.remember(ended);
      end(ended);
    } catch (error) {
      this.tellBroken(waiting.run, error);
      throw error;
    } finally {
      await this.settleAfterRun();
    }
  }

  /** Nobody else may write until it resolves. */
  private async runNow(waiting: WaitingRun): Promise<RunEnd> {
    const { run, asked, cancel } = waiting;
    const opened = await this.ports.open(asked.environment);
    try {
      opened.lock(`dagpy run ${asked.request.target.kind}`);
      const loaded = await opened.load(asked.parameters(opened.dag.dag.parameters));
      const live = new LiveRun(run, asked.by, loaded, () => this.ports.now());
      const outputs = new LiveOutputs(live.placesOf, event => this.tell({ kind: 'event', run, event }));
      const log = this.ports.openLog(run);
      const emit = (event: RunEvent): void => {
        log.write(event);
        live.take(event);
        this.failures.take(event);
        this.noteEnding(event);
        asked.listener?.(event);
        if (event.event === 'runStarted') {
          this.live = live;
          waiting.begin();
        }
        if (event.event === 'runFinished') outputs.flush();
        this.tell({ kind: 'event', run, event });
        this.publishSoon();
      };
      const watcher: RunWatcher = {
        stepped: stateOf => live.stepped(stateOf),
        heard: (block, message) => outputs.heard(block, message),
        shown: (block, display) => outputs.shown(block, display),
        stored: (block, trace) => live.stored(block, trace),
      };
      const options = { loaded, request: asked.request, jobs: asked.jobs, cancel: cancel.signal };
      const outcome = await runProject(opened.ports, { run, emit, watcher }, options);
      if (outcome.problems.length === 0 && outcome.report.failed.length === 0 && !cancel.signal.aborted)
        asked.afterwards?.(opened, loaded);
      return { ...outcome, isCancelled: cancel.signal.aborted };
    } finally {
      await opened.close();
    }
  }

  private remember({ report }: Pick<RunEnd, 'report'>): void {
    const { target: _, replayed: _replayed, ...summary } = report;
    this.lastRun = summary;
    this.cache = null;
  }

  private noteEnding(event: RunEvent): void {
    if (event.event === 'blockExecuted') this.endings.set(event.block, 'executed');
    else if (event.event === 'blockRestored') this.endings.set(event.block, 'restored');
    else if (event.event === 'blockFresh') this.endings.set(event.block, 'fresh');
    else if (event.event === 'blockStarted') this.endings.delete(event.block);
  }

  /** A run that broke off: its followers would wait for its end. */
  private tellBroken(run: string, error: unknown): void {
    if (this.live?.run !== run) return;
    const problems = error instanceof ProblemError ? error.problems : [];
    for (const { message, remedy } of problems)
      this.tell({
        kind: 'event',
        run,
        event: { event: 'note', level: 'warning', message: `the run broke off: ${message} (${remedy})` },
      });
  }

  private async settleAfterRun(): Promise<void> {
    const { live } = this;
    try {
      // Nobody has to wait for what nobody sees.
      if (this.followers.size > 0 && !this.isClosed) {
        await this.look();
      } else this.looked = undefined;
    } catch (error) {
      this.ports.fault(error);
    }
    if (this.live === live) this.live = null;
    this.publish();
  }

  private async measureCache(): Promise<void> {
    this.cache = await this.ports.cache();
  }

  private tell(news: ProjectNews): void {
    for (const follower of this.followers) follower(news);
  }

  private publishSoon(): void {
    if (this.isClosed) return;
    this.publishing ??= setTimeout(() => this.publish(), PUBLISH_MILLISECONDS);
  }

  private publish(): void {
    clearTimeout(this.publishing);
    this.publishing = undefined;
    const next = this.compose();
    if (next === null) return;
    if (this.view === null) {
      this.view = { ...next, revision: 1 };
      return;
    }
    const patch = patchBetween(this.view, next);
    if (patch === null) return;
    this.view = { ...next, revision: patch.revision };
    this.tell({ kind: 'patch', patch });
  }

  private compose(): Omit<ProjectView, 'revision'> | null {
    const { base, live } = this;
    if (base === null) return null;
    const blocks = base.blocks.map(block => {
      const lastRun = this.endings.get(block.id) ?? null;
      const ended = lastRun === null || block.state !== 'fresh' ? block : { ...block, lastRun };
      return live?.over(ended, base.partsOf) ?? ended;
    });
    return {
      version: RESIDENT_VERSION,
      project: this.ports.project,
      ...base.fields,
      isReadOnly: this.isFixed,
      run: live?.view(this.queue.count) ?? null,
      lastRun: this.lastRun,
      cache: this.cache ?? this.view?.cache ?? null,
      ...this.ports.edits(base.dagText),
      blocks,
    };
  }
}

const gone = (project: string): Problem => ({
  code: 'project-gone',
  message: `the folder of the project ${project === '' ? 'here' : project} is gone`,
  remedy: 'move it back, or open the project where it is now',
});

export const readOnly = (project: string): Problem => ({
  code: 'read-only',
  message: `the project ${project === '' ? 'here' : project} can not be written to`,
  remedy: 'give yourself write permission to its folder, or work in a copy of it',
});
