/** Every open notebook of a project, with all that keeps it in step; notebooks outside are asked for once and left alone. */
import { Notification } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Problem } from '../../protocol/problem.js';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import type { Settings } from '../settings.js';
import type { IProjectHold, IProjects } from '../tokens.js';
import { Drawing } from './drawing.js';
import { LiveOutputs } from './liveOutputs.js';
import { GuardedSaves } from './guardedSaves.js';
import { hasOpenConflict } from './conflicts.js';
import { firstBase, loadedFile, type LoadedFile } from './openFile.js';
import { OpenNotebook } from './openNotebook.js';
import { saveDocument } from './saveDocument.js';
import { Settling } from './settling.js';
import { Syncing } from './syncing.js';

export interface NotebooksOptions {
  readonly projects: IProjects;
  readonly tracker: INotebookTracker;
  readonly documents: IDocumentManager;
  readonly commands: CommandRegistry;
  readonly settings: Settings;
  readonly trans: TranslationBundle;
}

export interface Followed {
  readonly notebook: OpenNotebook;
  readonly syncing: Syncing;
}

type Attached = Followed & { readonly hold: IProjectHold; dispose(): void };

/** Nothing is wrong with the notebook, and nothing is lost. */
const QUIET: readonly string[] = ['daemon-down', 'project-read-only'];

export class Notebooks {
  private readonly attached = new Map<NotebookPanel, Attached>();
  /** What is being asked about a panel. */
  private readonly asking = new Map<NotebookPanel, Promise<Followed | undefined>>();
  /** Notebooks whose project could not be asked for, as they were opened. */
  private readonly unknown = new Map<NotebookPanel, LoadedFile | null>();
  private readonly _followed = new Signal<this, Followed>(this);
  private readonly guards: GuardedSaves;

  constructor(private readonly options: NotebooksOptions) {
    const { tracker, projects, documents } = options;
    this.guards = new GuardedSaves(documents.services.contents);
    tracker.widgetAdded.connect((_, panel) => this.welcome(panel));
    tracker.forEach(panel => this.welcome(panel));
    projects.moved.connect(() => tracker.forEach(panel => void this.follow(panel)));
    projects.connection.changed.connect(() => {
      if (projects.connection.state !== 'ready') return;
      for (const panel of [...this.unknown.keys()]) void this.follow(panel);
    });
    // Somebody may have saved a flow from another page, which no block tells of.
    window.addEventListener('focus', () => {
      for (const { syncing } of this.all) syncing.check();
    });
  }

  /** A notebook of a project was opened. */
  get followed(): ISignal<this, Followed> {
    return this._followed;
  }

  get all(): readonly Followed[] {
    return [...this.attached.values()];
  }

  /** @returns `undefined`: it belongs to no project, as far as is known by now */
  of(panel: NotebookPanel): Followed | undefined {
    return this.attached.get(panel);
  }

  /** @returns `undefined`: it belongs to no project, or nobody can be asked */
  async follow(panel: NotebookPanel): Promise<Followed | undefined> {
    const known = this.attached.get(panel);
    if (known !== undefined) return known;
    const asked = this.asking.get(panel) ?? this.attach(panel).finally(() => this.asking.delete(panel));
    this.asking.set(panel, asked);
    return asked;
  }

  private welcome(panel: NotebookPanel): void {
    void this.follow(panel);
    panel.context.pathChanged.connect(() => {
      this.release(panel);
      void this.follow(panel);
    });
    panel.disposed.connect(() => this.release(panel));
  }

  private release(panel: NotebookPanel): void {
    this.attached.get(panel)?.dispose();
    this.attached.delete(panel);
    this.unknown.delete(panel);
  }

  private async attach(panel: NotebookPanel): Promise<Followed | undefined> {
    await panel.context.ready;
    const path = panel.context.localPath;
    // Asking takes a while, in which it may be edited.
    const loaded = this.unknown.get(panel) ?? loadedFile(panel);
    let hold: IProjectHold | null = null;
    try {
      hold = await this.options.projects.find(path);
      this.unknown.delete(panel);
    } catch {
      this.unknown.set(panel, loaded);
    }
    const { model } = panel.content;
    if (hold === null || panel.isDisposed || model === null || panel.context.localPath !== path) {
      hold?.dispose();
      return undefined;
    }
    const base = firstBase(panel, loaded);
    const made = this.dress(new OpenNotebook(panel, model, hold.model, base), base, hold);
    this.attached.set(panel, made);
    this._followed.emit(made);
    return made;
  }

  private dress(notebook: OpenNotebook, base: NotebookContent | null, hold: IProjectHold): Attached {
    const { panel, model } = notebook;
    const { commands, settings, trans, projects, documents } = this.options;
    const drawing = new Drawing(notebook, {
      commands,
      settings,
      trans,
      chosen: () => {
        notebook.look();
        // A choice that is the last one settles what the save began.
        const isSettled = notebook.subject.kind === 'block' && !hasOpenConflict(model);
        if (notebook.subject.kind === 'flow' || isSettled)
          void saveDocument(panel.context).catch(() => undefined);
      },
    });
    const settling = new Settling(notebook);
    let told = '';
    const trouble = (problems: readonly Problem[]): void => {
      const [problem] = problems;
      const text = problem === undefined ? '' : `${problem.message}\n${problem.remedy}`;
      const isQuiet = problem === undefined || QUIET.includes(problem.code);
      drawing.setTrouble(isQuiet ? '' : trans.__('not updated: %1', problem.message));
      if (text !== told && problem !== undefined)
        Notification.emit(trans.__('%1: %2', panel.title.label, text), isQuiet ? 'info' : 'warning', {
          autoClose: isQuiet ? 5000 : 10_000,
        });
      told = text;
    };
    const live = new LiveOutputs(notebook, () => syncing.check());
    const syncing = new Syncing(
      notebook,
      projects.connection,
      documents.services.contents,
      this.guards,
      base,
      {
        trouble,
        conflict: conflicts =>
          void Notification.warning(
            trans._n(
              '%2: a cell was changed here and elsewhere. Both versions stand in the notebook: choose one.',
              '%2: %1 cells or headers were changed here and elsewhere. Both versions stand in the notebook: choose for each.',
              conflicts.length,
              panel.title.label,
            ),
            { autoClose: 10_000 },
          ),
      },
      block => live.isUnderWay(block),
    );
    return {
      notebook,
      syncing,
      hold,
      dispose() {
        syncing.dispose();
        live.dispose();
        settling.dispose();
        drawing.dispose();
        notebook.dispose();
        hold.dispose();
      },
    };
  }
}
