/** The DAG panel: a view of dag.json in Lab's main area, a panel at the right in Notebook 7. */
import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ABCWidgetFactory, DocumentWidget, type DocumentRegistry } from '@jupyterlab/docregistry';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { SplitPanel, type Widget } from '@lumino/widgets';
import { CommandIds } from '../commandIds.js';
import type { DagPanelContext } from '../dagPanel/context.js';
import { addPanelCommands } from '../dagPanel/commands.js';
import { blocksIcon } from '../icons.js';
import { followSettings } from '../settings.js';
import { IBlockSelection, IProjects, type IProjectHold } from '../tokens.js';
import { DagPanel } from '../widgets/dagPanel.js';

/** Name of the viewer, as *Open With* lists it. */
export const DAG_FACTORY = 'DAG';
const FILE_TYPE = 'dagpy-dag';

/** Of the window's width: in a panel as narrow as others at that side the names of a dozen blocks could not be read. */
const PART_BESIDE = 0.38;

/** Gives the side that holds the widget at least that part of the width; whoever wants another one drags its edge. */
function widen(widget: Widget, part: number): void {
  for (let child = widget; child.parent !== null; child = child.parent) {
    const { parent } = child;
    if (!(parent instanceof SplitPanel) || parent.orientation !== 'horizontal') continue;
    const sizes = parent.relativeSizes();
    const place = parent.widgets.indexOf(child);
    const now = sizes[place] ?? 1;
    if (now < part)
      parent.setRelativeSizes(
        sizes.map((size, other) => (other === place ? part : (size * (1 - part)) / (1 - now))),
      );
    return;
  }
}

class DagDocument extends DocumentWidget<DagPanel> {
  private hold: IProjectHold | null = null;
  private asked = 0;

  constructor(
    options: DocumentWidget.IOptions<DagPanel>,
    private readonly projects: IProjects,
  ) {
    super(options);
    // The label stays that of the file: a document takes another one for a wish to rename it.
    this.title.icon = blocksIcon;
    projects.moved.connect(this.look, this);
    projects.connection.changed.connect(this.lookAgain, this);
    this.context.pathChanged.connect(this.look, this);
    this.look();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.projects.moved.disconnect(this.look, this);
    this.projects.connection.changed.disconnect(this.lookAgain, this);
    this.hold?.dispose();
    this.hold = null;
    super.dispose();
  }

  private lookAgain(): void {
    if (this.hold === null && this.projects.connection.state === 'ready') this.look();
  }

  private look(): void {
    void this.find(this.context.path);
  }

  private async find(path: string): Promise<void> {
    const question = (this.asked += 1);
    if (this.hold === null) this.content.setProject(null, true);
    const hold = await this.projects.find(path).catch(() => null);
    if (this.isDisposed || question !== this.asked) {
      hold?.dispose();
      return;
    }
    const before = this.hold;
    this.hold = hold;
    this.content.setProject(hold?.model ?? null);
    before?.dispose();
  }
}

class DagFactory extends ABCWidgetFactory<DagDocument> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<DagDocument>,
    private readonly panelContext: DagPanelContext,
  ) {
    super(options);
  }

  protected createNewWidget(context: DocumentRegistry.Context): DagDocument {
    const content = new DagPanel(this.panelContext);
    return new DagDocument({ content, context, toolbar: content.toolbar }, this.panelContext.projects);
  }
}

export const dagPanelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dagpy:dag-panel',
  description: 'Draws the DAG of a project.',
  autoStart: true,
  requires: [IProjects, IBlockSelection, IDocumentManager],
  optional: [ITranslator, ILabShell, ILayoutRestorer, ILauncher, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    selection: IBlockSelection,
    documents: IDocumentManager,
    translator: ITranslator | null,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
  ): void => {
    const { commands, docRegistry } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    const settings = followSettings(registry);
    const context: DagPanelContext = {
      commands,
      projects,
      selection,
      trans,
      direction: () => {
        const { dagDirection } = settings.values;
        return dagDirection === 'automatic' ? null : dagDirection;
      },
    };
    const panels = new Set<DagPanel>();
    const keep = (panel: DagPanel): void => {
      panels.add(panel);
      panel.disposed.connect(() => panels.delete(panel));
    };
    settings.changed.connect(() => panels.forEach(panel => panel.refresh()));
    const tracker = new WidgetTracker<DagDocument>({ namespace: 'dagpy-dag' });

    docRegistry.addFileType({
      name: FILE_TYPE,
      displayName: trans.__('DAGpy project'),
      // The pattern alone tells it: other JSON files keep their type.
      extensions: [],
      pattern: '^dag\\.json$',
      mimeTypes: ['application/json'],
      contentType: 'file',
      fileFormat: 'text',
      icon: blocksIcon,
    });
    const factory = new DagFactory(
      {
        name: DAG_FACTORY,
        label: trans.__('DAG'),
        modelName: 'text',
        fileTypes: [FILE_TYPE],
        defaultFor: [FILE_TYPE],
        // Blocks and edges are changed by calls, never by writing the document.
        readOnly: true,
      },
      context,
    );
    factory.widgetCreated.connect((_, widget) => {
      keep(widget.content);
      void tracker.add(widget);
      widget.context.pathChanged.connect(() => void tracker.save(widget));
    });
    // Lab's own base class does not fit Lab's interface where absent and undefined are told apart.
    docRegistry.addWidgetFactory(factory as DocumentRegistry.WidgetFactory);
    if (restorer !== null)
      void restorer.restore(tracker, {
        command: 'docmanager:open',
        args: ({ context: { path } }) => ({ path, factory: DAG_FACTORY }),
        name: ({ context: { path } }) => path,
      });

    let besideNotebook: MainAreaWidget<DagPanel> | null = null;
    const showBeside = (): void => {
      const isNew = besideNotebook === null || besideNotebook.isDisposed;
      if (besideNotebook === null || besideNotebook.isDisposed) {
        const content = new DagPanel(context);
        keep(content);
        content.setProject(projects.current, projects.current === null);
        const follow = (): void => content.setProject(projects.current);
        projects.currentChanged.connect(follow);
        content.disposed.connect(() => projects.currentChanged.disconnect(follow));
        besideNotebook = new MainAreaWidget({ content, toolbar: content.toolbar });
        besideNotebook.id = 'dagpy-dag';
        besideNotebook.title.icon = blocksIcon;
        besideNotebook.title.label = DAG_FACTORY;
        besideNotebook.title.caption = trans.__('DAG');
        besideNotebook.title.closable = true;
        app.shell.add(besideNotebook, 'right', { rank: 500, type: 'DAGpy' });
      }
      app.shell.activateById(besideNotebook.id);
      if (isNew) widen(besideNotebook, PART_BESIDE);
    };

    commands.addCommand(CommandIds.showDag, {
      label: args => (args['isLauncher'] === true ? trans.__('DAG') : trans.__('Show DAG')),
      caption: trans.__('Show the blocks of the project and what crosses between them'),
      icon: blocksIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            project: {
              type: 'string',
              description: trans.__('Folder of the project; without it the current one.'),
            },
            isLauncher: { type: 'boolean', description: trans.__('For the launcher: labelled in short.') },
          },
        },
      },
      isEnabled: args =>
        typeof args['project'] === 'string' || projects.current !== null || labShell === null,
      execute: args => {
        if (labShell === null) {
          showBeside();
          return undefined;
        }
        const wanted = args['project'];
        const project = typeof wanted === 'string' ? wanted : projects.current?.path;
        if (project === undefined) return undefined;
        const path = project === '' ? 'dag.json' : `${project}/dag.json`;
        return documents.openOrReveal(path, DAG_FACTORY);
      },
    });
    projects.currentChanged.connect(() => commands.notifyCommandChanged(CommandIds.showDag));

    addPanelCommands(commands, trans, id => {
      const all = [...panels].filter(panel => !panel.isDisposed);
      if (id !== undefined) return all.find(panel => panel.id === id) ?? null;
      return tracker.currentWidget?.content ?? all.find(panel => panel.isVisible) ?? null;
    });
    const inPalette = [
      CommandIds.showDag,
      CommandIds.dagFit,
      CommandIds.dagTurn,
      CommandIds.dagSearch,
      CommandIds.dagExport,
      CommandIds.dagHelp,
    ];
    for (const command of inPalette) palette?.addItem({ command, category: trans.__('DAGpy') });
    launcher?.add({
      command: CommandIds.showDag,
      args: { isLauncher: true },
      category: trans.__('Other'),
      rank: 50,
    });
  },
};
