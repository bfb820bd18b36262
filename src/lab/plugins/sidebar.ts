/** The sidebar *Blocks*. */
import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIds } from '../commandIds.js';
import { blocksIcon } from '../icons.js';
import { IBlockSelection, IProjects } from '../tokens.js';
import { BlocksSidebar } from '../widgets/blocksSidebar.js';

export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dagpy:sidebar',
  description: 'Lists the blocks of the current DAGpy project.',
  autoStart: true,
  requires: [IProjects, IBlockSelection, INotebookTracker],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    selection: IBlockSelection,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    const sidebar = new BlocksSidebar({
      commands: app.commands,
      projects,
      selection,
      trans,
      notebookPath: () => notebooks.currentWidget?.context.localPath ?? null,
      menuCloses: app.contextMenu.menu.aboutToClose,
      moved: notebooks.currentChanged,
    });
    app.shell.add(sidebar, 'left', { rank: 150, type: 'DAGpy' });
    restorer?.add(sidebar, sidebar.id);
    app.commands.addCommand(CommandIds.showBlocks, {
      label: trans.__('Show Blocks'),
      caption: trans.__('Show the blocks of the project'),
      icon: blocksIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(sidebar.id),
    });
    palette?.addItem({ command: CommandIds.showBlocks, category: trans.__('DAGpy') });
  },
};
