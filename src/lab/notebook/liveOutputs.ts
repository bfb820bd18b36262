/** What blocks show while they run, in open notebooks: through the models of their cells, matched by id. */
import type { CodeCellModel } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { JSONExt, type JSONObject } from '@lumino/coreutils';
import type { CellOutput } from '../../protocol/outputs.js';
import type { CellPlace } from '../../protocol/resident/stream.js';
import type { IProjectModel, RunOccurrence } from '../tokens.js';
import { setLive } from './liveMark.js';
import type { OpenNotebook } from './openNotebook.js';

interface Running {
  /** Cells that the run has begun to fill. */
  readonly cells: Set<string>;
  /** Cells that a person ran since it began: they show what the kernel says, and nothing of this run. */
  readonly left: Set<string>;
  /** The project has said that it runs. */
  isConfirmed: boolean;
  /** The project has said something since, which knows of it. */
  isInView: boolean;
}

export class LiveOutputs {
  private readonly begun = new Map<string, Running>();
  /** Blocks that are over, though the project does not say so yet. */
  private readonly ended = new Set<string>();

  /** @param finished the notebook shows all of a block by now */
  constructor(
    private readonly notebook: OpenNotebook,
    private readonly finished: () => void,
  ) {
    notebook.project.occurred.connect(this.take, this);
    notebook.project.changed.connect(this.view, this);
    notebook.changed.connect(this.catchUp, this);
    notebook.kernelRuns.began.connect(this.leave, this);
    this.catchUp();
  }

  dispose(): void {
    this.notebook.project.occurred.disconnect(this.take, this);
    this.notebook.project.changed.disconnect(this.view, this);
    this.notebook.changed.disconnect(this.catchUp, this);
    this.notebook.kernelRuns.began.disconnect(this.leave, this);
  }

  /** Whether a run has not said yet all that the block shows. What happens is told sooner than what the project looks like. */
  isUnderWay(block: string): boolean {
    const state = this.notebook.project.block(block)?.state;
    return state === 'running' || state === 'queued' || this.begun.get(block)?.isInView === false;
  }

  private view(): void {
    for (const running of this.begun.values()) running.isInView = true;
  }

  private take(_: IProjectModel, { event }: RunOccurrence): void {
    const { notebook } = this;
    if (notebook.subject.kind === 'none') return;
    switch (event.event) {
      case 'blockStarted':
        this.ended.delete(event.block);
        this.begin(event.block, false);
        this.eachCell(event.block, cell => this.setRunning(cell, true));
        break;
      case 'cellOutput':
        this.append(event.block, event.cell, event);
        break;
      case 'cellFinished': {
        const cell = this.cellOf(event.block, { id: null, place: event.cell });
        if (cell !== undefined) this.setRunning(cell, false);
        break;
      }
      case 'blockOutputs':
        for (const { cell: place, outputs, executionCount } of event.cells) {
          const cell = this.cellOf(event.block, place);
          if (cell === undefined) continue;
          if (!this.isLeft(event.block, cell)) this.show(cell, outputs, executionCount);
          this.notebook.quietly(() => this.mark(cell, false));
        }
        this.finish(event.block);
        break;
      case 'blockExecuted':
      case 'blockRestored':
      case 'blockFresh':
      case 'blockFailed':
      case 'blockBlocked':
      case 'blockCancelled':
        this.finish(event.block);
        break;
      case 'runFinished':
        for (const block of [...this.begun.keys()]) this.finish(block);
        break;
      default:
    }
  }

  private begin(block: string, isConfirmed: boolean): void {
    this.begun.set(block, { cells: new Set(), left: new Set(), isConfirmed, isInView: isConfirmed });
  }

  /** A person runs the cell. */
  private leave(_: unknown, id: string): void {
    for (const { left } of this.begun.values()) left.add(id);
    const cell = this.notebook.codeCell(id);
    if (cell !== undefined) this.notebook.quietly(() => this.mark(cell, false));
  }

  /** Whether a run of the block has nothing to say of the cell any more. */
  private isLeft(block: string, { id }: CodeCellModel): boolean {
    const left = this.begun.get(block)?.left;
    const isUnderWay = this.notebook.kernelRuns.has(id);
    // For the rest of the run: the end of what it shows is nothing without the beginning.
    if (isUnderWay) left?.add(id);
    return isUnderWay || left?.has(id) === true;
  }

  /** A run began before this notebook was opened, or ended while nobody was told. */
  private catchUp(): void {
    const { notebook } = this;
    for (const { name, view } of notebook.shown) {
      const running = this.begun.get(name);
      if (view?.state !== 'running') {
        this.ended.delete(name);
        if (running?.isConfirmed === true && view?.state !== 'queued') this.finish(name);
      } else if (running !== undefined) running.isConfirmed = true;
      else if (!this.ended.has(name)) this.join(name, view.progress?.cell ?? 1);
    }
  }

  /** @param place of the cell that runs now, 1-based among all cells of the block's notebook */
  private join(block: string, place: number): void {
    const { notebook } = this;
    this.begin(block, true);
    const done = new Set(Array.from({ length: place - 1 }, (_, at) => notebook.cellAt(block, null, at + 1)));
    this.eachCell(block, (cell, id) => {
      if (!done.has(id)) this.setRunning(cell, true);
    });
  }

  private cellOf(block: string, { id, place }: CellPlace): CodeCellModel | undefined {
    const found = this.notebook.cellAt(block, id, place);
    return found === undefined ? undefined : this.notebook.codeCell(found);
  }

  private eachCell(block: string, act: (cell: CodeCellModel, id: string) => void): void {
    const shown = this.notebook.shown.find(({ name }) => name === block);
    for (const id of shown?.cells ?? []) {
      const cell = this.notebook.codeCell(id);
      if (cell !== undefined && cell.sharedModel.getSource().trim() !== '') act(cell, id);
    }
  }

  private append(
    block: string,
    place: CellPlace,
    {
      isReset,
      outputs,
      executionCount,
    }: {
      readonly isReset: boolean;
      readonly outputs: readonly CellOutput[];
      readonly executionCount: number | null;
    },
  ): void {
    const cell = this.cellOf(block, place);
    if (cell === undefined) return;
    const running = this.begun.get(block);
    // A run that nobody told of: what it shows comes when it is over.
    if (running === undefined) return;
    const begun = running.cells;
    if (!this.notebook.acting.isActing || this.isLeft(block, cell)) {
      begun.add(cell.id);
      return;
    }
    this.notebook.quietly(() => {
      // What an earlier run showed is no beginning of what this one shows.
      if (isReset || !begun.has(cell.id)) {
        cell.outputs.clear();
        cell.trusted = true;
      }
      begun.add(cell.id);
      this.mark(cell, true);
      for (const output of outputs) cell.outputs.add(output as unknown as IOutput);
      if (executionCount !== null) cell.executionCount = executionCount;
    });
  }

  private show(cell: CodeCellModel, outputs: readonly CellOutput[], executionCount: number | null): void {
    if (!this.notebook.acting.isActing) return;
    this.notebook.quietly(() => {
      const wanted = outputs as unknown as JSONObject[];
      if (!JSONExt.deepEqual(cell.outputs.toJSON() as unknown as JSONObject[], wanted)) {
        cell.trusted = true;
        cell.outputs.fromJSON(wanted as unknown as IOutput[]);
      }
      if (cell.executionCount !== executionCount) cell.executionCount = executionCount;
    });
  }

  private setRunning(cell: CodeCellModel, isRunning: boolean): void {
    if (this.notebook.kernelRuns.has(cell.id)) return;
    const state = isRunning ? 'running' : 'idle';
    if (cell.executionState !== state) this.notebook.quietly(() => (cell.executionState = state));
  }

  private finish(block: string): void {
    if (!this.begun.delete(block)) return;
    this.ended.add(block);
    // Of cells whose outputs nobody told in full the mark stays: what they show is not what the block shows, and goes
    // when notebook and blocks are brought together.
    this.eachCell(block, cell => this.setRunning(cell, false));
    this.finished();
  }

  /** What a flow shows of a run that is not over is not what its block shows; in the block's own file nobody asks. */
  private mark(cell: CodeCellModel, isLive: boolean): void {
    if (this.notebook.subject.kind !== 'flow' || !this.notebook.acting.isActing) return;
    setLive(cell, isLive);
  }
}
