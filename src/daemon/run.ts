/** The runtime loop: feeds the engine what happened and carries out what it decides. */
import type { BlockId } from '../protocol/ids.js';
import { orThrow, type Problem, unreachable } from '../protocol/problem.js';
import type { Display } from '../protocol/outputs.js';
import type { RunReport } from '../protocol/reports.js';
import type { Trace } from '../protocol/trace.js';
import {
  historyNotes,
  isSessionWanted,
  openContext,
  plan,
  startRun,
  stateOf,
  step,
  type Context,
  type Effect,
  type ExecuteEffect,
  type HeldSession,
  type Outcome,
  type RunInput,
  type RunRequest,
} from '../engine/index.js';
import type { RunningJob } from '../engine/runPorts.js';
import type { Committed } from './commitResult.js';
import { executeBlock, type Executed } from './executeBlock.js';
import { firstLook, type FirstLook } from './firstLook.js';
import { FileUse } from './fileUse.js';
import { blockOf } from './jobSpec.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';
import { readsNotebooks, Recordings } from './recordings.js';
import { displayOf, restoreBlock } from './restoreBlock.js';

export interface RunOptions {
  readonly loaded: LoadedProject;
  readonly request: RunRequest;
  readonly jobs: number;
  /** Aborting it cancels the run: running blocks are interrupted, nothing new starts. */
  readonly cancel: AbortSignal;
}

export interface RunOutcome {
  readonly report: RunReport;
  /** Faults of the project that kept blocks from running. */
  readonly problems: readonly Problem[];
}

/** A block that does not stop when asked is killed after this. */
const GRACE_MILLISECONDS = 3_000;

export async function runProject(
  ports: ProjectPorts,
  sink: RunSink,
  options: RunOptions,
): Promise<RunOutcome> {
  const { snapshot } = options.loaded;
  const began = ports.clock.now();
  const look = firstLook(ports.world);
  const context = orThrow(openContext({ snapshot, world: look.world, hasher: ports.hasher, now: began }));
  const planned = orThrow(plan(context, options.request));
  const upTo = [...planned.runs, ...planned.mayRun].map(each => each.block);
  sink.emit({
    event: 'runStarted',
    run: sink.run,
    target: planned.target,
    upTo: upTo.length,
    jobs: options.jobs,
  });
  preimport(ports, options.loaded, upTo);
  for (const { block, message } of historyNotes(context.project)) {
    if (upTo.includes(block)) sink.emit({ event: 'note', level: 'warning', block, message });
  }
  const { report, problems } = await runUntilSound(ports, sink, options, context, look);
  const whole = { ...report, seconds: (ports.clock.now() - began) / 1000 };
  sink.emit({ event: 'runFinished', report: whole });
  return { report: whole, problems };
}

/**
 * A stored value that turns out damaged is in quarantine afterwards, so the next attempt makes it anew. What makes it may
 * start from damaged values in turn, at worst once for each block above it; beyond that it is the disk that is broken.
 */
const mostAttempts = (blocks: number): number => 3 + 2 * blocks;

async function runUntilSound(
  ports: ProjectPorts,
  sink: RunSink,
  options: RunOptions,
  context: Context,
  look: FirstLook,
): Promise<Pick<Finish, 'report' | 'problems'>> {
  const executed = new Set<string>();
  const replayed = new Set<string>();
  const most = mostAttempts(options.loaded.blocks.size);
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === most;
    const again = { ...context, world: ports.world };
    const run =
      attempt === 1
        ? new Run(ports, sink, options, context, look, attempt, isLast)
        : new Run(ports, sink, options, again, firstLook(ports.world), attempt, isLast);
    const finished = await run.finish();
    const { report } = finished;
    const isDamaged = run.sawDamage && !isLast && !options.cancel.aborted;
    for (const block of report.executed) executed.add(block);
    for (const block of report.replayed) replayed.add(block);
    if (!isDamaged) {
      // What an earlier attempt executed was executed in this run, even where the last one found it fresh.
      const rest = (blocks: readonly string[]) => blocks.filter(block => !executed.has(block));
      const { order, ids } = context.project.graph;
      const inOrder = (some: ReadonlySet<string>) =>
        Array.from(order, index => ids[index] as string).filter(block => some.has(block));
      return attempt === 1
        ? finished
        : {
            ...finished,
            report: {
              ...report,
              executed: inOrder(executed),
              replayed: inOrder(replayed),
              fresh: rest(report.fresh),
              restored: rest(report.restored),
            },
          };
    }
    sink.emit({
      event: 'note',
      level: 'warning',
      message: 'a stored value was damaged and is put aside; what needs it is made again',
    });
  }
}

/** Packages that the blocks about to run imported last time, or name in their code. */
function preimport(ports: ProjectPorts, loaded: LoadedProject, blocks: readonly BlockId[]): void {
  const modules = new Set<string>();
  for (const id of blocks) {
    const { memory, cells } = blockOf(loaded, id).snapshot;
    for (const name of [...(memory.last?.imports ?? []), ...cells.flatMap(facts => facts.imports)])
      modules.add(name);
  }
  if (modules.size > 0) ports.workers.preimport([...modules]);
}

type Finish = Extract<Effect, { kind: 'finish' }>;

class Run {
  private state;
  private readonly files: FileUse;
  private readonly queue: RunInput[] = [{ kind: 'started' }];
  private readonly running = new Map<BlockId, RunningJob>();
  private readonly problems: Problem[] = [];
  private readonly held = new Map<BlockId, HeldSession>();
  private readonly recordings: Recordings;
  /** What goes on beside the loop. */
  private readonly works = new Set<Promise<void>>();
  private wake: () => void = () => undefined;
  private fault: { readonly error: unknown } | undefined;
  /** A stored value was missing or damaged although its trace answered. */
  sawDamage = false;

  constructor(
    private readonly ports: ProjectPorts,
    private readonly sink: RunSink,
    private readonly options: RunOptions,
    context: Context,
    private readonly look: FirstLook,
    private readonly round: number,
    private readonly isLast: boolean,
  ) {
    this.state = orThrow(startRun(context, { run: sink.run, request: options.request, jobs: options.jobs }));
    this.files = new FileUse(ports, context.project);
    const { graph } = context.project;
    this.recordings = new Recordings(ports, sink, options.loaded, graph, () => this.tellStates());
    const cancel = (): void => this.put({ kind: 'cancel' });
    if (options.cancel.aborted) this.queue.push({ kind: 'cancel' });
    else options.cancel.addEventListener('abort', cancel, { once: true });
  }

  async finish(): Promise<Pick<Finish, 'report' | 'problems'>> {
    for (;;) {
      const input = this.queue.shift();
      if (this.fault !== undefined) {
        for (const job of this.running.values()) job.kill();
        await this.over();
      }
      if (input === undefined) {
        await new Promise<void>(resolve => {
          this.wake = resolve;
        });
        continue;
      }
      if (input.kind !== 'started') this.look.end();
      const { state, effects } = step(this.state, input);
      this.state = state;
      this.tellStates();
      this.releaseSessions();
      for (const effect of effects) {
        if (effect.kind === 'finish') {
          await this.over();
          return { report: effect.report, problems: [...effect.problems, ...this.problems] };
        }
        this.perform(effect);
      }
    }
  }

  /** A held session keeps memory: it goes as soon as no block of this run can continue it. */
  private releaseSessions(): void {
    for (const { block, job } of this.held.values()) {
      if (isSessionWanted(this.state, this.state.context.project.graph.indexOf.get(block)!)) continue;
      this.held.delete(block);
      this.ports.workers.release(job);
    }
  }

  private put(input: RunInput): void {
    this.queue.push(input);
    this.wake();
  }

  /** A block is done where people look when what it made is stored and shown. */
  private tellStates(): void {
    this.sink.watcher?.stepped(block =>
      this.recordings.has(block) ? 'running' : stateOf(this.state, block),
    );
  }

  /** Nothing of the run goes on afterwards, also where it breaks off: the project is others' then. */
  private async over(): Promise<void> {
    await Promise.allSettled(this.works);
    if (this.fault !== undefined) throw this.fault.error;
  }

  /** Work that goes on beside the loop; a bug in it ends the run instead of leaving it waiting. */
  private beside(work: Promise<void>): void {
    const ended = work.then(
      () => void this.works.delete(ended),
      (error: unknown) => {
        this.fault ??= { error };
        this.wake();
      },
    );
    this.works.add(ended);
  }

  private perform(effect: Exclude<Effect, Finish>): void {
    switch (effect.kind) {
      case 'execute':
        return this.beside(this.execute(effect));
      case 'restore':
        return this.beside(this.restore(effect.block, effect.trace));
      case 'fresh':
        return this.sink.emit({
          event: 'blockFresh',
          block: effect.block,
          savedSeconds: effect.trace.seconds,
        });
      case 'refused': {
        const [problem] = effect.problems;
        if (problem !== undefined)
          this.sink.emit({ event: 'blockFailed', block: effect.block, problem, traceback: [], seconds: 0 });
        return;
      }
      case 'blocked':
        return this.sink.emit({ event: 'blockBlocked', block: effect.block, by: [effect.by] });
      case 'interrupt':
        return this.interrupt(effect.block);
      default:
        return unreachable(effect);
    }
  }

  private interrupt(block: BlockId): void {
    const job = this.running.get(block);
    if (job === undefined) return;
    job.interrupt();
    setTimeout(() => job.kill(), GRACE_MILLISECONDS).unref();
  }

  private async restore(id: BlockId, trace: Trace): Promise<void> {
    const { loaded } = this.options;
    const ok = await restoreBlock(
      this.ports,
      this.sink,
      blockOf(loaded, id),
      trace,
      loaded.snapshot.dag.cache.keep,
    );
    if (ok) this.sink.emit({ event: 'blockRestored', block: id, savedSeconds: trace.seconds });
    this.put({ kind: 'restored', block: id, ok });
  }

  private async execute(effect: ExecuteEffect): Promise<void> {
    if (readsNotebooks(blockOf(this.options.loaded, effect.block))) {
      await this.recordings.all();
      if (this.isEnding) return this.end(effect, this.cancelled(effect, []));
    }
    const executed = await executeBlock(this.ports, this.sink, {
      loaded: this.options.loaded,
      effect,
      files: this.files,
      round: this.round,
      started: job => this.running.set(effect.block, job),
      held: this.held,
    });
    this.running.delete(effect.block);
    if (executed.kind === 'stored') return this.settle(effect, executed);
    this.end(
      effect,
      // Of a run that breaks off they were killed, which is no fault of theirs.
      executed.kind === 'interrupted' || this.isEnding
        ? this.cancelled(effect, executed.replayed)
        : await this.fail(effect, executed, executed.display),
    );
  }

  /** Nothing is wanted of it any more. */
  private get isEnding(): boolean {
    return this.options.cancel.aborted || this.fault !== undefined;
  }

  private end({ block, key }: ExecuteEffect, outcome: Outcome): void {
    this.put({ kind: 'finished', block, key, outcome });
  }

  private cancelled({ block }: ExecuteEffect, replayed: readonly BlockId[]): Outcome {
    this.sink.emit({ event: 'blockCancelled', block });
    return { kind: 'interrupted', replayed };
  }

  /** What a block made is known: its children start from it while it is still on its way to the disk. */
  private async settle(effect: ExecuteEffect, made: Committed): Promise<void> {
    const { files } = this;
    const { trace, durable } = made;
    const edge = files.missingEdge(effect.block, trace);
    if (edge !== undefined) {
      const { edgeProblem } = await import('./blockProblems.js');
      const problem = edgeProblem(edge);
      await durable;
      this.problems.push(problem);
      const failed = { ...trace, problem, traceback: [] };
      return this.end(effect, await this.fail(effect, failed, displayOf(this.ports, trace)));
    }
    const writers = files.writersFor(effect.block, trace);
    // At once: whoever comes meanwhile has to be told of edges that are missing.
    files.note(effect.block, trace);
    const isWhole = await this.recordings.before(trace, writers);
    const recorded = this.recordings.add(made, isWhole);
    this.end(effect, { kind: 'stored', trace });
    await recorded;
  }

  private async fail(
    { block, key }: ExecuteEffect,
    failed: Pick<Extract<Executed, { kind: 'failed' }>, 'problem' | 'traceback' | 'seconds' | 'replayed'>,
    display: Display | undefined,
  ): Promise<Outcome> {
    const { problem, traceback, seconds, replayed } = failed;
    if (problem.code === 'object-damaged') {
      this.sawDamage = true;
      // Told only where it is not tried again.
      if (this.isLast) this.sink.emit({ event: 'blockFailed', block, problem, traceback, seconds });
      return { kind: 'failed', replayed };
    }
    const { failBlock } = await import('./failBlock.js');
    const loaded = blockOf(this.options.loaded, block);
    const how = { problems: [problem], traceback, seconds };
    this.problems.push(...(await failBlock(this.ports, this.sink, loaded, key, how, display)));
    return { kind: 'failed', replayed };
  }
}
