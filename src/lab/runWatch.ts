/** Follows runs to their end, whichever document is in front by then. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { RunEvent } from '../protocol/events.js';
import type { RunReport } from '../protocol/reports.js';
import type { IProjectHold, IProjectModel, IProjects, RunOccurrence } from './tokens.js';

export interface BlockFailure {
  readonly project: IProjectModel;
  readonly failure: Extract<RunEvent, { event: 'blockFailed' }>;
}

export interface RunEnd {
  readonly project: IProjectModel;
  readonly report: RunReport;
  /** Of this run, in the order in which they came. */
  readonly failures: readonly BlockFailure['failure'][];
}

export class RunWatch {
  private readonly watched = new Map<IProjectModel, IProjectHold>();
  private readonly failures = new Map<string, BlockFailure['failure'][]>();
  private readonly _ended = new Signal<this, RunEnd>(this);

  constructor(private readonly projects: IProjects) {
    projects.currentChanged.connect(() => this.settle());
    this.settle();
  }

  get ended(): ISignal<this, RunEnd> {
    return this._ended;
  }

  /** Watches the current project, and lets go of others unless a run is on in them. */
  private settle(): void {
    const { current } = this.projects;
    for (const [model, hold] of this.watched) {
      if (model === current || (model.view?.run ?? null) !== null) continue;
      model.occurred.disconnect(this.take, this);
      this.watched.delete(model);
      hold.dispose();
    }
    if (current === null || this.watched.has(current)) return;
    this.watched.set(current, this.projects.hold(current.path));
    current.occurred.connect(this.take, this);
  }

  private take(project: IProjectModel, { run, event }: RunOccurrence): void {
    if (event.event === 'blockFailed') {
      const { block } = event;
      const before = this.failures.get(run) ?? [];
      // The last attempt counts.
      this.failures.set(run, [...before.filter(other => other.block !== block), event]);
    } else if (event.event === 'runFinished') {
      const failures = (this.failures.get(run) ?? []).filter(({ block }) =>
        event.report.failed.includes(block),
      );
      this.failures.delete(run);
      this._ended.emit({ project, report: event.report, failures });
      this.settle();
    }
  }
}
