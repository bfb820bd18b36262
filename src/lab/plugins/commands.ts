/** Registers the commands, and what shows them beside the menus and toolbars of `schema/plugin.json`. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { CommandContext } from '../commands/context.js';
import { addMakingCommands } from '../commands/add.js';
import { addEditCommands } from '../commands/edit.js';
import { addRunCommands } from '../commands/run.js';
import { addViewCommands } from '../commands/view.js';
import { CommandIds } from '../commandIds.js';
import { IFlowEditor } from '../flowTokens.js';
import { followSettings, SETTINGS_ID } from '../settings.js';
import { IBlockSelection, IProjects } from '../tokens.js';

const IN_PALETTE: readonly string[] = [
  CommandIds.runAffected,
  CommandIds.preview,
  CommandIds.runBlock,
  CommandIds.runUpstream,
  CommandIds.runDownstream,
  CommandIds.runOnly,
  CommandIds.forceBlock,
  CommandIds.runAll,
  CommandIds.cancel,
  CommandIds.addBlock,
  CommandIds.openBlock,
  CommandIds.openFlow,
  CommandIds.renameBlock,
  CommandIds.removeBlock,
  CommandIds.linkBlocks,
  CommandIds.unlinkBlocks,
  CommandIds.setFilter,
  CommandIds.moveUp,
  CommandIds.moveDown,
  CommandIds.undo,
  CommandIds.redo,
  CommandIds.explain,
  CommandIds.createProject,
  CommandIds.showFailure,
  CommandIds.retry,
];

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: SETTINGS_ID,
  description: 'Commands that run and edit the blocks of DAGpy projects.',
  autoStart: true,
  requires: [IProjects, IBlockSelection, IDocumentManager, INotebookTracker],
  optional: [ISettingRegistry, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    selection: IBlockSelection,
    documents: IDocumentManager,
    notebooks: INotebookTracker,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    let flow: IFlowEditor | null = null;
    const context: CommandContext = {
      app,
      projects,
      selection,
      documents,
      notebooks,
      settings: followSettings(registry),
      trans,
      flow: () => flow,
    };
    addRunCommands(context);
    addMakingCommands(context);
    addEditCommands(context);
    addViewCommands(context);
    for (const command of IN_PALETTE) palette?.addItem({ command, category: trans.__('DAGpy') });
    // The notebook part may need commands of its own first; whoever comes last, they meet.
    void app.resolveOptionalService(IFlowEditor).then(service => {
      flow = service;
      announce(app);
    });
    announceChanges(app, projects, selection, notebooks);
  },
};

const announce = (app: JupyterFrontEnd): void => {
  for (const id of Object.values(CommandIds))
    if (app.commands.hasCommand(id)) app.commands.notifyCommandChanged(id);
};

/** Buttons and menus of commands look again whenever what they depend on changed, once a frame at most. */
function announceChanges(
  app: JupyterFrontEnd,
  projects: IProjects,
  selection: IBlockSelection,
  notebooks: INotebookTracker,
): void {
  let frame = 0;
  const later = (): void => {
    if (frame !== 0) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      announce(app);
    });
  };
  let followed = projects.current;
  followed?.changed.connect(later);
  projects.currentChanged.connect((_, current) => {
    followed?.changed.disconnect(later);
    followed = current;
    current?.changed.connect(later);
    later();
  });
  projects.connection.changed.connect(later);
  selection.changed.connect(later);
  notebooks.currentChanged.connect(later);
}
