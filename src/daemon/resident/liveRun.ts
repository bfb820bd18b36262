/** A run as it goes: what it makes of the blocks that it is about, until the project is looked at again. */
import type { BlockId, RunId } from '../../protocol/ids.js';
import type { RunEvent } from '../../protocol/events.js';
import type { BlockView, FailureView, ProgressView, RunView } from '../../protocol/resident/view.js';
import type { CellPlace } from '../../protocol/resident/stream.js';
import type { BlockState, Reason } from '../../protocol/states.js';
import type { Trace } from '../../protocol/trace.js';
import type { LoadedProject } from '../loadProject.js';
import { failureOf } from './failures.js';

/** What the run says of one block. */
interface Live {
  state: BlockState;
  reasons: readonly Reason[];
  progress: ProgressView | null;
  failure: FailureView | null;
  seconds: number | null;
  trace: Trace | null;
  ended: BlockView['lastRun'];
  /** When it was done with; looks that began later know better. */
  doneAt: number | null;
}

const isToCome = (state: BlockState): boolean => state === 'queued' || state === 'running';

const QUEUED: readonly Reason[] = [{ kind: 'input', detail: 'waits for its turn' }];

export class LiveRun {
  private readonly blocks = new Map<string, Live>();
  /** What the run said last of each block, whether a look knows better by now or not. */
  private readonly said = new Map<string, BlockState>();
  private target: readonly string[] = [];
  private upTo = 0;
  private isCancelling = false;
  private readonly since: number;

  constructor(
    readonly run: RunId,
    private readonly by: string,
    private readonly loaded: LoadedProject,
    private readonly now: () => number,
  ) {
    this.since = now();
  }

  view(waiting: number): RunView {
    const { run, target, upTo, by, since, isCancelling } = this;
    const isDone = (state: BlockState | undefined): boolean => state !== undefined && !isToCome(state);
    const done = target.filter(id => isDone(this.said.get(id))).length;
    return { run, target, upTo, done, by, since, isCancelling, waiting };
  }

  cancel(): void {
    this.isCancelling = true;
  }

  /** Where a block's non-empty code cells stand. */
  readonly placesOf = (id: string): readonly CellPlace[] => {
    const block = this.loaded.blocks.get(id as BlockId);
    return (block?.codeCells ?? []).map(index => {
      const cell = block?.notebook.cells[index];
      return { id: cell?.hasOwnId === true ? cell.id : null, place: index + 1 };
    });
  };

  stepped(stateOf: (block: BlockId) => BlockState | undefined): void {
    for (const id of this.loaded.blocks.keys()) {
      const state = stateOf(id);
      if (state === undefined) {
        // Cancelled, or none of the run's business: it is as it was.
        if (this.blocks.get(id)?.doneAt === null) this.blocks.delete(id);
        this.said.delete(id);
        continue;
      }
      // Nothing new: what became of the block since, a look tells.
      if (this.said.get(id) === state) continue;
      this.said.set(id, state);
      const live = this.of(id, state);
      if (live.state === state) continue;
      live.state = state;
      if (isToCome(state)) live.doneAt = null;
      else live.doneAt ??= this.now();
    }
  }

  stored(id: string, trace: Trace): void {
    const live = this.blocks.get(id);
    if (live === undefined) return;
    live.trace = trace;
    live.seconds = trace.seconds;
  }

  take(event: RunEvent): void {
    switch (event.event) {
      case 'runStarted':
        this.target = event.target;
        this.upTo = event.upTo;
        return;
      case 'blockStarted': {
        const live = this.of(event.block, 'running');
        live.reasons = event.reasons;
        live.failure = null;
        live.doneAt = null;
        live.progress = {
          done: 0,
          cells: event.cells,
          cell: null,
          since: this.now(),
          expectedSeconds: event.expectedSeconds,
        };
        return;
      }
      case 'cellStarted':
        this.progress(event.block, { cell: this.placesOf(event.block)[event.cell]?.place ?? null });
        return;
      case 'cellFinished':
        this.progress(event.block, { done: event.cell + 1, cell: null });
        return;
      case 'blockExecuted':
        this.end(event.block, 'executed');
        return;
      case 'blockRestored':
        this.end(event.block, 'restored');
        return;
      case 'blockFresh':
        this.end(event.block, 'fresh');
        return;
      case 'blockFailed': {
        const live = this.end(event.block, null);
        live.failure = failureOf(event, this.loaded.blocks.get(event.block)?.snapshot.declaration.notebook);
        live.reasons = [{ kind: 'failed', detail: event.problem.message }];
        return;
      }
      case 'blockBlocked': {
        const live = this.end(event.block, null);
        live.reasons = [{ kind: 'failed', detail: `waits for ${event.by.join(', ')}` }];
        return;
      }
      case 'blockCancelled':
        this.blocks.delete(event.block);
        return;
      default:
    }
  }

  /** Lets go of what a look knows better that began at this time. */
  forget(lookBegan: number): void {
    for (const [id, { doneAt }] of this.blocks)
      if (doneAt !== null && doneAt <= lookBegan) this.blocks.delete(id);
  }

  /** @param partsOf what is shown of a trace */
  over(block: BlockView, partsOf: (id: string, trace: Trace) => Partial<BlockView>): BlockView {
    const live = this.blocks.get(block.id);
    if (live === undefined) return block;
    const { state, progress, failure, trace, ended } = live;
    if (state === 'queued')
      return { ...block, state, reasons: block.reasons.length > 0 ? block.reasons : QUEUED, failure: null };
    if (state === 'running')
      return { ...block, state, reasons: reasonsOf(live, block), progress, failure: null };
    if (state === 'fresh')
      return {
        ...block,
        ...(trace === null ? {} : { ...partsOf(block.id, trace), isLocal: false }),
        // What a frozen block shows is no more up to date than it was.
        ...(block.state === 'frozen' ? {} : { state, reasons: [] }),
        changedCells: [],
        failure: null,
        lastRun: ended,
      };
    return { ...block, state, reasons: reasonsOf(live, block), failure };
  }

  private of(id: string, state: BlockState): Live {
    const known = this.blocks.get(id);
    if (known !== undefined) return known;
    const live: Live = {
      state,
      reasons: [],
      progress: null,
      failure: null,
      seconds: null,
      trace: null,
      ended: null,
      doneAt: isToCome(state) ? null : this.now(),
    };
    this.blocks.set(id, live);
    return live;
  }

  private end(id: string, ended: BlockView['lastRun']): Live {
    const live = this.of(id, 'running');
    live.progress = null;
    live.ended = ended;
    return live;
  }

  private progress(id: string, change: Partial<ProgressView>): void {
    const live = this.blocks.get(id);
    if (live?.progress) live.progress = { ...live.progress, ...change };
  }
}

const reasonsOf = (live: Live, block: BlockView): readonly Reason[] =>
  live.reasons.length > 0 ? live.reasons : block.reasons.length > 0 ? block.reasons : QUEUED;
