/**
 * Where a run stands. One phase a block:
 *
 *   outside                                        ┌─► fresh
 *   waiting ──parents done──► judged ──answered────┼─► restoring ──► restored
 *      │                         │ └──unanswered───┴─► ready ──► running ──► executed · failed · cancelled
 *      └──a parent failed──► blocked        └─► failed (inputs impossible)
 *
 * A state is changed in place and handed on: whoever called `step` with it must go on with what `step` returned.
 */
import { success, failure, type Problem, type Result } from '../protocol/problem.js';
import type { BlockId, Key } from '../protocol/ids.js';
import type { BlockState, Reason } from '../protocol/states.js';
import { Values, type Context } from './context.js';
import type { RunOptions } from './effects.js';
import type { Prepared } from './evaluate.js';
import { Makers } from './hints.js';
import { IndexQueue } from './indexQueue.js';
import { placesFor } from './marks.js';
import { select, type Selection } from './selection.js';

export const PHASES = [
  'outside',
  'waiting',
  'ready',
  'running',
  'restoring',
  'fresh',
  'restored',
  'executed',
  'failed',
  'blocked',
  'cancelled',
] as const;
export type Phase = (typeof PHASES)[number];

const CODE = Object.fromEntries(PHASES.map((phase, code) => [phase, code])) as Record<Phase, number>;

/** A block that is going to run, as it was judged. */
export interface Pending {
  readonly prepared: Prepared;
  readonly reasons: readonly Reason[];
}

/** So many judged blocks are kept for their start; further ones are judged when some of these have started. */
const MOST_PENDING = 512;

export class RunState {
  readonly context: Context;
  readonly options: RunOptions;
  readonly selection: Selection;
  readonly values: Values;
  readonly makers: Makers;
  /** Blocks whose parents are done, by place in topological order. */
  readonly toJudge: IndexQueue;
  /** Blocks that have to run, by place in `startOrder`. */
  readonly ready: IndexQueue;
  readonly running = new Map<number, Key>();
  /** How often each block was started. */
  readonly attempts: Uint32Array;
  readonly replayed = new Set<number>();
  readonly problems: Problem[] = [];
  /** How many parents in scope are not done. */
  readonly waitingFor: Int32Array;
  restoring = 0;
  /** What runs writes files again that others may read: nothing else starts. */
  isAlone = false;
  isCancelled = false;
  isFinished = false;
  readonly #phases: Uint8Array;
  /**
   * By block. No map: what went through one that lives long is taken for something that stays by the garbage collector,
   * since each of its tables leads to the next.
   */
  readonly #pending: (Pending | undefined)[];
  #pendingCount = 0;
  #startOrder: Int32Array | undefined;
  #placeInStartOrder: Int32Array | undefined;

  constructor(context: Context, options: RunOptions, selection: Selection) {
    const { size } = context.project.graph;
    this.context = context;
    this.options = options;
    this.selection = selection;
    this.values = new Values(context, selection.scope);
    this.makers = new Makers(context.project);
    this.toJudge = new IndexQueue(size);
    this.ready = new IndexQueue(size);
    this.attempts = new Uint32Array(size);
    this.waitingFor = new Int32Array(size);
    this.#phases = new Uint8Array(size);
    this.#pending = placesFor(size, selection.scope);
  }

  phase(block: number): Phase {
    return PHASES[this.#phases[block]!]!;
  }

  is(block: number, phase: Phase): boolean {
    return this.#phases[block] === CODE[phase];
  }

  enter(block: number, phase: Phase): void {
    this.#phases[block] = CODE[phase];
  }

  /** Enough blocks are judged and wait for their start. */
  get isFull(): boolean {
    return this.#pendingCount >= MOST_PENDING;
  }

  enqueue(block: number, pending: Pending | undefined): void {
    this.enter(block, 'ready');
    const isKept = this.#pending[block] !== undefined;
    if (pending !== undefined && (isKept || !this.isFull)) {
      this.#pending[block] = pending;
      if (!isKept) this.#pendingCount += 1;
    }
    if (this.#startOrder === undefined) this.#orderStarts();
    this.ready.add(this.#placeInStartOrder![block]!);
  }

  /** The next block to start, -1 when none is ready; and what was found out when it was judged, if that was kept. */
  dequeue(): readonly [block: number, pending: Pending | undefined] {
    const place = this.ready.takeLeast();
    if (place < 0) return [-1, undefined];
    const block = this.#startOrder![place]!;
    const pending = this.#pending[block];
    if (pending !== undefined) {
      this.#pending[block] = undefined;
      this.#pendingCount -= 1;
    }
    return [block, pending];
  }

  /** Longest remaining path first where durations are known, so that the last block to end ends early; else notebook order. */
  #orderStarts(): void {
    const { graph, snapshot } = this.context.project;
    this.#startOrder = graph.order;
    this.#placeInStartOrder = graph.rank;
    let known = 0;
    let sum = 0;
    for (const { memory } of snapshot.blocks) {
      if (memory.last === null) continue;
      known += 1;
      sum += memory.last.seconds;
    }
    if (known === 0) return;
    const usual = sum / known;
    const remaining = new Float64Array(graph.size);
    for (let place = graph.size - 1; place >= 0; place -= 1) {
      const block = graph.order[place]!;
      let below = 0;
      for (let slot = graph.childStart[block]!; slot < graph.childStart[block + 1]!; slot += 1) {
        const child = graph.children[slot]!;
        if (this.selection.scope[child] === 1) below = Math.max(below, remaining[child]!);
      }
      remaining[block] = below + (snapshot.blocks[block]!.memory.last?.seconds ?? usual);
    }
    this.#startOrder = graph.order
      .slice()
      .sort((a, b) => remaining[b]! - remaining[a]! || graph.rank[a]! - graph.rank[b]!);
    this.#placeInStartOrder = new Int32Array(graph.size);
    this.#startOrder.forEach((block, place) => (this.#placeInStartOrder![block] = place));
  }
}

export function startRun(context: Context, options: RunOptions): Result<RunState> {
  const selection = select(context, options.request);
  return selection.ok
    ? success(new RunState(context, options, selection.value))
    : failure(...selection.problems);
}

/** For views while the run goes on; `undefined`: the run is not about this block. */
export function stateOf(state: RunState, id: BlockId): BlockState | undefined {
  const block = state.context.project.graph.indexOf.get(id);
  if (block === undefined) return undefined;
  const phase = state.phase(block);
  switch (phase) {
    case 'outside':
    case 'cancelled':
      return undefined;
    case 'waiting':
    case 'ready':
      return 'queued';
    case 'running':
    case 'restoring':
      return 'running';
    case 'fresh':
    case 'restored':
    case 'executed':
      return 'fresh';
    default:
      return phase;
  }
}
