/** The model of one project: the last snapshot, with the patches that came since. */
import { Signal, type ISignal } from '@lumino/signaling';
import type { CallName, CallParameters, CallResult } from '../protocol/resident/calls.js';
import { patched } from '../protocol/resident/patch.js';
import type { FromDaemon } from '../protocol/resident/stream.js';
import type { BlockView, ProjectView } from '../protocol/resident/view.js';
import type { Connection } from './connection.js';
import type { IProjectModel, RunOccurrence } from './tokens.js';

export class ProjectModel implements IProjectModel {
  private _view: ProjectView | null = null;
  private _trouble = '';
  private byId: ReadonlyMap<string, BlockView> = new Map();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _occurred = new Signal<this, RunOccurrence>(this);

  constructor(
    readonly path: string,
    private readonly connection: Connection,
  ) {
    connection.received.connect(this.receive, this);
    connection.changed.connect(this.reconnect, this);
    this.follow();
  }

  get view(): ProjectView | null {
    return this._view;
  }

  get trouble(): string {
    return this._trouble;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get occurred(): ISignal<this, RunOccurrence> {
    return this._occurred;
  }

  block(id: string): BlockView | undefined {
    return this.byId.get(id);
  }

  call<Name extends CallName>(
    name: Name,
    parameters: Omit<CallParameters<Name>, 'project'>,
  ): Promise<CallResult<Name>> {
    return this.connection.call(name, { ...parameters, project: this.path } as CallParameters<Name>);
  }

  dispose(): void {
    this.connection.send({ kind: 'unfollow', project: this.path });
    Signal.clearData(this);
  }

  private follow(): void {
    this.connection.send({ kind: 'follow', project: this.path });
  }

  private reconnect(): void {
    this._trouble = this.connection.trouble;
    this.follow();
    this._changed.emit();
  }

  private receive(_: Connection, message: FromDaemon): void {
    switch (message.kind) {
      case 'snapshot':
        if (message.view.project === this.path) this.show(message.view, '');
        break;
      case 'patch':
        if (message.patch.project === this.path) this.take(message.patch);
        break;
      case 'lost':
        if (message.project === this.path)
          this.show(this._view, message.problems.map(problem => problem.message).join('\n'));
        break;
      case 'event':
        if (message.project === this.path) this._occurred.emit({ run: message.run, event: message.event });
        break;
      default:
    }
  }

  private take(patch: Parameters<typeof patched>[1]): void {
    if (this._view === null) return;
    const next = patched(this._view, patch);
    // One is missing in between: everything anew.
    if (next === null) this.follow();
    else this.show(next, '');
  }

  private show(view: ProjectView | null, trouble: string): void {
    this._view = view;
    this._trouble = trouble;
    this.byId = new Map(view?.blocks.map(block => [block.id, block]));
    this._changed.emit();
  }
}
