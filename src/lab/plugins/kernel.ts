/** The kernels in which people work: branches, values of blocks in them, and what they computed. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addBelowIcon, downloadIcon, kernelIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { BlockView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { adopt, adoptObstacle } from '../kernel/adopt.js';
import { branchFrom } from '../kernel/branch.js';
import { KernelPanels } from '../kernel/kernelPanels.js';
import type { KernelSession } from '../kernel/kernelSession.js';
import { selectedIn } from '../selection.js';
import { IBlockSelection, IProjects, type IProjectHold, type IProjectModel } from '../tokens.js';

export const kernelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dagpy:kernel',
  description: 'Gives kernels the cached values of blocks, and branches off finished work.',
  autoStart: true,
  requires: [IProjects, INotebookTracker, IDocumentManager],
  optional: [IBlockSelection, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    tracker: INotebookTracker,
    documents: IDocumentManager,
    selection: IBlockSelection | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    const { commands } = app;
    const panels = new KernelPanels({ projects, tracker, commands, trans });

    /** The block that a command is about: named, else selected, else that of the notebook in front. */
    const blockOf = (model: IProjectModel, args: ReadonlyPartialJSONObject): BlockView | undefined => {
      if (typeof args['block'] === 'string') return model.block(args['block']);
      const chosen = selection === null ? undefined : selectedIn(selection, model).at(-1);
      if (chosen !== undefined) return model.block(chosen);
      const subject = panels.sessionOf(tracker.currentWidget)?.subject;
      return subject?.kind === 'block' ? subject.block : undefined;
    };

    commands.addCommand(CommandIds.branch, {
      label: args =>
        typeof args['name'] === 'string' ? trans.__('Branch from Here') : trans.__('Branch from Here…'),
      caption: trans.__('Makes a child of a finished block, with its values ready in a new kernel'),
      icon: addBelowIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            project: {
              type: 'string',
              description: trans.__('Folder of the project; the current one without it'),
            },
            block: {
              type: 'string',
              description: trans.__('The block to go on from; the selected one without it'),
            },
            name: { type: 'string', description: trans.__('Name of the new block; asked for without it') },
          },
        },
      },
      isEnabled: args => {
        const { connection, current } = projects;
        if (connection.state !== 'ready') return false;
        const { project } = args;
        // Nothing is known of a project that is not looked at: it is held, and answers, once one asks.
        if (typeof project === 'string' && project !== current?.path) return true;
        if (current?.view === null || current?.view.isReadOnly !== false) return false;
        const parent = blockOf(current, args);
        return parent !== undefined && isFinished(parent);
      },
      execute: async args => {
        const hold: IProjectHold | null =
          typeof args['project'] === 'string' ? projects.hold(args['project']) : null;
        try {
          const model = hold?.model ?? projects.current;
          if (model === null) return null;
          await known(model);
          const parent = blockOf(model, args);
          if (parent === undefined) {
            await showErrorMessage(trans.__('No branch'), trans.__('Select the block to go on from first.'));
            return null;
          }
          return await branchFrom({
            model,
            parent,
            ...(typeof args['name'] === 'string' ? { name: args['name'] } : {}),
            documents,
            panels,
            trans,
          });
        } finally {
          hold?.dispose();
        }
      },
    });

    /** Of the notebook in front: that of one behind another document is nobody's wish. */
    const currentSession = (): KernelSession | undefined => {
      const inFront = app.shell.currentWidget;
      const { currentWidget } = tracker;
      return inFront === null || inFront === currentWidget ? panels.sessionOf(currentWidget) : undefined;
    };

    commands.addCommand(CommandIds.loadResults, {
      label: trans.__('Load Results into Kernel'),
      icon: downloadIcon,
      caption: () =>
        currentSession()?.obstacle ||
        trans.__(
          'Gives the kernel of this notebook the values of its blocks; variables of the same names give way',
        ),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => currentSession()?.obstacle === '',
      execute: async () => {
        const session = currentSession();
        if (session === undefined) return;
        const { obstacle } = session;
        if (obstacle === '') await session.load('state');
        else await showErrorMessage(trans.__('Nothing was loaded'), obstacle);
      },
    });

    commands.addCommand(CommandIds.adopt, {
      label: trans.__('Adopt from Kernel'),
      icon: kernelIcon,
      caption: () => {
        const session = currentSession();
        const obstacle =
          session === undefined ? trans.__('Open the notebook of a block.') : adoptObstacle(session, trans);
        return (
          obstacle ||
          trans.__(
            'What this kernel has computed becomes the value of the block, marked local until a run confirms it',
          )
        );
      },
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => {
        const session = currentSession();
        return session !== undefined && adoptObstacle(session, trans) === '';
      },
      execute: async () => {
        const session = currentSession();
        if (session === undefined) return;
        try {
          const obstacle = adoptObstacle(session, trans);
          if (obstacle !== '') throw new Error(obstacle);
          await adopt(session, trans);
        } catch (error) {
          await showErrorMessage(
            trans.__('Nothing was adopted'),
            error instanceof Error ? error.message : String(error),
          );
        }
      },
    });

    for (const command of [CommandIds.branch, CommandIds.loadResults, CommandIds.adopt])
      palette?.addItem({ command, category: trans.__('DAGpy') });
    tracker.currentChanged.connect(() => commands.notifyCommandChanged(CommandIds.loadResults));
  },
};

/** There is something to go on from. */
const isFinished = ({ state, exports }: BlockView): boolean =>
  state === 'fresh' || state === 'frozen' || exports.length > 0;

/** A project that was never looked at has no blocks yet. */
async function known(model: IProjectModel): Promise<void> {
  if (model.view !== null) return;
  await new Promise<void>(settle => {
    const look = (): void => {
      if (model.view === null && model.trouble === '') return;
      model.changed.disconnect(look);
      settle();
    };
    model.changed.connect(look);
  });
}
