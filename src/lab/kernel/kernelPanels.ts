/** Gives every open notebook of a project its kernel session, strip and badge; notebooks outside are left alone. */
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IProjectHold, IProjects } from '../tokens.js';
import { KernelBadge } from './badge.js';
import { KernelSession } from './kernelSession.js';
import { DependencyStrip } from './strip.js';

export interface KernelPanelsOptions {
  readonly projects: IProjects;
  readonly tracker: INotebookTracker;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

interface Attached {
  readonly session: KernelSession;
  dispose(): void;
}

export class KernelPanels {
  private readonly attached = new Map<NotebookPanel, Attached>();
  /** The last question about each panel: an answer that comes after another question counts for nothing. */
  private readonly questions = new Map<NotebookPanel, number>();

  constructor(private readonly options: KernelPanelsOptions) {
    const { tracker, projects } = options;
    tracker.widgetAdded.connect((_, panel) => this.welcome(panel));
    tracker.forEach(panel => this.welcome(panel));
    projects.moved.connect(() => this.lookAgain());
    projects.connection.changed.connect(() => {
      if (projects.connection.state === 'ready') this.lookAgain();
    });
  }

  sessionOf(panel: NotebookPanel | null): KernelSession | undefined {
    return panel === null ? undefined : this.attached.get(panel)?.session;
  }

  /** Resolves to the session of a panel that was just opened; `undefined`: it belongs to no project. */
  async attach(panel: NotebookPanel): Promise<KernelSession | undefined> {
    await panel.context.ready;
    const known = this.attached.get(panel)?.session;
    if (known !== undefined) return known;
    const question = (this.questions.get(panel) ?? 0) + 1;
    this.questions.set(panel, question);
    const hold = await this.options.projects.find(panel.context.localPath).catch(() => null);
    if (panel.isDisposed || question !== this.questions.get(panel)) {
      hold?.dispose();
      return this.attached.get(panel)?.session;
    }
    if (hold === null) return undefined;
    const made = this.dress(panel, hold);
    this.attached.set(panel, made);
    return made.session;
  }

  private welcome(panel: NotebookPanel): void {
    void this.attach(panel);
    panel.context.pathChanged.connect(() => this.replace(panel));
    panel.disposed.connect(() => {
      this.attached.get(panel)?.dispose();
      this.attached.delete(panel);
      this.questions.delete(panel);
    });
  }

  private replace(panel: NotebookPanel): void {
    this.attached.get(panel)?.dispose();
    this.attached.delete(panel);
    void this.attach(panel);
  }

  private lookAgain(): void {
    this.options.tracker.forEach(panel => void this.attach(panel));
  }

  private dress(panel: NotebookPanel, hold: IProjectHold): Attached {
    const { commands, trans } = this.options;
    const session = new KernelSession(panel, hold.model, trans, true);
    const strip = new DependencyStrip({ session, commands, trans });
    panel.contentHeader.addWidget(strip);
    const badge = new KernelBadge(session, trans, () => void session.load('state'));
    panel.contentHeader.addWidget(badge);
    return {
      session,
      dispose() {
        session.dispose();
        strip.dispose();
        badge.dispose();
        hold.dispose();
      },
    };
  }
}
