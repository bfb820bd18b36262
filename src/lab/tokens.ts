/** What plugins of this extension hand to each other, and to other extensions. */
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { RunEvent } from '../protocol/events.js';
import type { CallName, CallParameters, CallResult } from '../protocol/resident/calls.js';
import type { OutputEvent } from '../protocol/resident/stream.js';
import type { BlockView, ProjectView } from '../protocol/resident/view.js';

/** `down`: no daemon answers; what is shown is what was known last. */
export type ConnectionState = 'connecting' | 'ready' | 'down';

export interface IConnection {
  readonly state: ConnectionState;
  /** Why it is down, in words; empty otherwise. */
  readonly trouble: string;
  readonly changed: ISignal<IConnection, void>;
  /** Tries again now, and has the server part start the daemon where it is not running. */
  retry(): void;
  /** Throws a `CallError` with the problems that the daemon names. */
  call<Name extends CallName>(name: Name, parameters: CallParameters<Name>): Promise<CallResult<Name>>;
}

export interface RunOccurrence {
  readonly run: string;
  readonly event: RunEvent | OutputEvent;
}

/** One project, as every view of it draws it. Lives as long as somebody holds it. */
export interface IProjectModel {
  /** Folder relative to the server's root, with `/`; empty: the root itself. */
  readonly path: string;
  /** `null`: nothing came yet. */
  readonly view: ProjectView | null;
  /** Something in `view` or `trouble` is another; views redraw from the model. */
  readonly changed: ISignal<IProjectModel, void>;
  /** What happens in a run, as it happens. */
  readonly occurred: ISignal<IProjectModel, RunOccurrence>;
  /** Why it can not be followed, in words; empty: it can. */
  readonly trouble: string;
  block(id: string): BlockView | undefined;
  /** As `IConnection.call`, with this project. */
  call<Name extends CallName>(
    name: Name,
    parameters: Omit<CallParameters<Name>, 'project'>,
  ): Promise<CallResult<Name>>;
}

/** A hold on a model; disposing of the last one lets the project go. */
export interface IProjectHold extends IDisposable {
  readonly model: IProjectModel;
}

export interface IProjects {
  readonly connection: IConnection;
  /** Project of a file, by its path in the contents manager; `null`: none. */
  find(path: string): Promise<IProjectHold | null>;
  hold(project: string): IProjectHold;
  /** The one that sidebar, status bar and commands are about: that of the current document, else the last one. */
  readonly current: IProjectModel | null;
  readonly currentChanged: ISignal<IProjects, IProjectModel | null>;
  /** A project was made, or a notebook moved: what `find` answered may be another. */
  readonly moved: ISignal<IProjects, void>;
  /** To be called when a call made a project. */
  refresh(): void;
}

export const IProjects = new Token<IProjects>(
  'jupyterlab-dagpy:IProjects',
  'The DAGpy projects of this server: their states, their runs, and the calls that change them.',
);

/** Selects blocks in every view at once. */
export interface IBlockSelection {
  /** Path of the project whose blocks these are: others may have blocks of the same names. */
  readonly project: string;
  /** Ids, in the order of selecting; the last one is the current one. */
  readonly selected: readonly string[];
  readonly changed: ISignal<IBlockSelection, void>;
  select(project: Pick<IProjectModel, 'path'>, ids: readonly string[]): void;
}

export const IBlockSelection = new Token<IBlockSelection>(
  'jupyterlab-dagpy:IBlockSelection',
  'The blocks that are selected in the sidebar, in the DAG panel and by the active cell of a notebook.',
);
