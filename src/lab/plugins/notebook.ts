/** Blocks in notebooks: headers, rails and marks, live outputs, saving into block files, splitting. */
import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { cutIcon } from '@jupyterlab/ui-components';
import { CommandIds } from '../commandIds.js';
import { IFlowEditor } from '../flowTokens.js';
import { followActiveCell } from '../notebook/activeBlock.js';
import { FlowEditor } from '../notebook/flowEditor.js';
import { Notebooks } from '../notebook/notebooks.js';
import { splitNotebook } from '../notebook/splitNotebook.js';
import { showProblems } from '../problems.js';
import { followSettings } from '../settings.js';
import { IBlockSelection, IProjects } from '../tokens.js';

export const notebookPlugin: JupyterFrontEndPlugin<IFlowEditor> = {
  id: 'jupyterlab-dagpy:notebook',
  description: 'Shows blocks in notebooks, and keeps notebooks and the files of blocks the same.',
  autoStart: true,
  requires: [IProjects, INotebookTracker, IDocumentManager, IBlockSelection],
  optional: [ITranslator, ICommandPalette, ISettingRegistry, ILabShell],
  provides: IFlowEditor,
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    tracker: INotebookTracker,
    documents: IDocumentManager,
    selection: IBlockSelection,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    labShell: ILabShell | null,
  ): IFlowEditor => {
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    const { commands } = app;
    const notebooks = new Notebooks({
      projects,
      tracker,
      documents,
      commands,
      settings: followSettings(registry),
      trans,
    });
    followActiveCell(tracker, notebooks, selection);

    commands.addCommand(CommandIds.splitNotebook, {
      label: trans.__('Split Notebook into Blocks…'),
      caption: trans.__('Make blocks of the whole notebook, with a preview'),
      icon: cutIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            path: { type: 'string', description: trans.__('The notebook; the one in front without it') },
            by: {
              type: 'string',
              enum: ['heading', 'tag', 'cell'],
              description: trans.__('Where a block begins; as the notebook suggests without it'),
            },
            apply: { type: 'boolean', description: trans.__('Without a preview') },
          },
        },
      },
      isEnabled: args =>
        projects.connection.state === 'ready' &&
        (typeof args['path'] === 'string' || tracker.currentWidget !== null),
      execute: async args => {
        const { path } = args;
        const widget =
          typeof path === 'string' ? (documents.openOrReveal(path) ?? null) : tracker.currentWidget;
        if (!(widget instanceof NotebookPanel)) return false;
        const { by } = args;
        try {
          return await splitNotebook(widget, {
            projects,
            trans,
            ...(by === 'heading' || by === 'tag' || by === 'cell' ? { by } : {}),
            isConfirmed: args['apply'] === true,
          });
        } catch (error) {
          await showProblems(trans.__('Could not split the notebook'), error, trans);
          return false;
        }
      },
    });
    palette?.addItem({ command: CommandIds.splitNotebook, category: trans.__('DAGpy') });
    tracker.currentChanged.connect(() => commands.notifyCommandChanged(CommandIds.splitNotebook));
    return new FlowEditor({ notebooks, tracker, documents, trans, isSingle: labShell === null });
  },
};
