/** What blocks show while they run, in open notebooks: through the models of their cells, matched by id. */
import type { CodeCellModel } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { JSONExt, type JSONObject } from '@lumino/coreutils';
import type { CellOutput } from '../../protocol/outputs.js';
import type { CellPlace } from '../../protocol/resident/stream.js';
import type { IProjectModel, RunOccurrence } from '../tokens.js';
import { marksOf } from './membership.js';
import type { OpenNotebook } from './openNotebook.js';

export class LiveOutputs {
  /** Cells that a run has begun to fill, by block. */
  private readonly begun = new Map<string, Set<string>>();

  constructor(private readonly notebook: OpenNotebook) {
    notebook.project.occurred.connect(this.take, this);
    notebook.changed.connect(this.catchUp, this);
    this.catchUp();
  }

  dispose(): void {
    this.notebook.project.occurred.disconnect(this.take, this);
    this.notebook.changed.disconnect(this.catchUp, this);
  }

  private take(_: IProjectModel, { event }: RunOccurrence): void {
    const { notebook } = this;
    if (notebook.subject.kind === 'none') return;
    switch (event.event) {
      case 'blockStarted':
        this.begun.set(event.block, new Set());
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
          if (cell !== undefined) this.show(cell, outputs, executionCount);
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

  /** A run began before this notebook was opened, or ended while nobody was told. */
  private catchUp(): void {
    const { notebook } = this;
    for (const { name, view } of notebook.shown) {
      const isRunning = view?.state === 'running';
      if (isRunning && !this.begun.has(name)) {
        this.begun.set(name, new Set());
        const done = new Set(
          Array.from({ length: Math.max(0, (view.progress?.cell ?? 1) - 1) }, (_, at) =>
            notebook.cellAt(name, null, at + 1),
          ),
        );
        this.eachCell(name, (cell, id) => {
          if (!done.has(id)) this.setRunning(cell, true);
        });
      }
      if (
        !isRunning &&
        view?.state !== 'queued' &&
        this.begun.has(name) &&
        notebook.project.view?.run === null
      )
        this.finish(name);
    }
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
    const begun = this.begun.get(block) ?? new Set<string>();
    this.begun.set(block, begun);
    this.notebook.quietly(() => {
      // What an earlier run showed is no beginning of what this one shows.
      if (isReset || !begun.has(cell.id)) cell.outputs.clear();
      begun.add(cell.id);
      this.mark(cell, true);
      for (const output of outputs) cell.outputs.add(output as unknown as IOutput);
      if (executionCount !== null) cell.executionCount = executionCount;
    });
  }

  private show(cell: CodeCellModel, outputs: readonly CellOutput[], executionCount: number | null): void {
    this.notebook.quietly(() => {
      const wanted = outputs as unknown as JSONObject[];
      if (!JSONExt.deepEqual(cell.outputs.toJSON() as unknown as JSONObject[], wanted))
        cell.outputs.fromJSON(wanted as unknown as IOutput[]);
      if (cell.executionCount !== executionCount) cell.executionCount = executionCount;
    });
  }

  private setRunning(cell: CodeCellModel, isRunning: boolean): void {
    const state = isRunning ? 'running' : 'idle';
    if (cell.executionState !== state) this.notebook.quietly(() => (cell.executionState = state));
  }

  private finish(block: string): void {
    if (!this.begun.delete(block)) return;
    this.eachCell(block, cell => {
      this.setRunning(cell, false);
      this.notebook.quietly(() => this.mark(cell, false));
    });
  }

  /** What a flow shows of a run that is not over is not what its block shows; in the block's own file nobody asks. */
  private mark(cell: CodeCellModel, isLive: boolean): void {
    if (this.notebook.subject.kind !== 'flow') return;
    const before = cell.getMetadata('dagpy') as JSONObject | undefined;
    if ((marksOf(before).live === true) === isLive) return;
    const { live: _, ...rest } = before ?? {};
    const next: JSONObject = isLive ? { ...rest, live: true } : rest;
    if (Object.keys(next).length === 0) cell.deleteMetadata('dagpy');
    else cell.setMetadata('dagpy', next);
  }
}
