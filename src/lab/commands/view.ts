/** Commands that show blocks and what became of them. */
import {
  bugIcon,
  fileIcon,
  infoIcon,
  launchIcon,
  notebookIcon,
  refreshIcon,
} from '@jupyterlab/ui-components';
import { CommandIds } from '../commandIds.js';
import {
  addCommand,
  blockArguments,
  blocksOf,
  blockTarget,
  pathIn,
  projectArguments,
  projectOf,
  readyProject,
  type CommandContext,
} from './context.js';

export function addViewCommands(context: CommandContext): void {
  const { trans } = context;
  addOpenBlock(context);
  addCommand(context, CommandIds.openFlow, {
    label: trans.__('Open with What It Needs'),
    caption: trans.__('Open one notebook of the block and of all blocks that it needs'),
    icon: launchIcon,
    describedBy: blockArguments(trans),
    isVisible: () => context.flow() !== null,
    isEnabled: args => {
      const ready = readyProject(context, args);
      return context.flow() !== null && ready !== null && blocksOf(context, ready.project, args).length > 0;
    },
    refusal: trans.__('Could not open'),
    execute: async args => {
      const project = projectOf(context, args);
      if (project === null) return;
      const ids = blocksOf(context, project, args).map(({ id }) => id);
      if (ids.length > 0) await context.flow()?.openFlow(project, ids);
    },
  });
  addCommand(context, CommandIds.explain, {
    label: trans.__('Explain State'),
    caption: trans.__('Show why the block stands as it does, what it needs and what it hands on'),
    icon: infoIcon,
    describedBy: blockArguments(trans),
    isEnabled: args => blockTarget(context, args) !== null,
    refusal: trans.__('Could not explain'),
    execute: async args => {
      const target = blockTarget(context, args);
      if (target === null) return;
      context.selection.select(target.project, [target.block.id]);
      await context.app.commands.execute(CommandIds.showBlocks);
    },
  });
  addCommand(context, CommandIds.showFailure, {
    label: trans.__('Show Failure'),
    caption: trans.__('Go to the cell that failed'),
    icon: bugIcon,
    describedBy: blockArguments(trans),
    isVisible: args => blockTarget(context, args)?.block.state === 'failed',
    isEnabled: args => blockTarget(context, args)?.block.state === 'failed',
    refusal: trans.__('Could not open'),
    execute: async args => {
      const target = blockTarget(context, args);
      if (target === null) return;
      const { project, block } = target;
      context.selection.select(project, [block.id]);
      const flow = context.flow();
      if (flow === null) await openBlock(context, args);
      else await flow.showFailure(project, block.id);
    },
  });
  addCommand(context, CommandIds.openFile, {
    label: trans.__('Open File'),
    caption: trans.__('Open a file of the project as text'),
    icon: fileIcon,
    describedBy: projectArguments(trans, {
      file: { type: 'string', description: trans.__('Path relative to the project.') },
      line: { type: 'integer', description: trans.__('Line to go to, from 1.') },
    }),
    isVisible: args => typeof args['file'] === 'string',
    refusal: trans.__('Could not open'),
    execute: async args => {
      const project = projectOf(context, args);
      const { file, line } = args;
      if (project === null || typeof file !== 'string') return;
      await openFile(context, pathIn(project, file), typeof line === 'number' ? line : null);
    },
  });
  addCommand(context, CommandIds.retry, {
    label: trans.__('Retry Connection to DAGpy'),
    caption: trans.__('Start DAGpy again where it is not running'),
    icon: refreshIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => context.projects.connection.state !== 'ready',
    refusal: trans.__('Could not connect'),
    execute: () => {
      context.projects.connection.retry();
      return Promise.resolve();
    },
  });
}

/** The command of Lab's own text editor, which is about the one in front. */
const GO_TO_LINE = 'fileeditor:go-to-line';

async function openFile(
  { app, documents }: CommandContext,
  path: string,
  line: number | null,
): Promise<void> {
  const isNotebook = path.endsWith('.ipynb');
  const widget = documents.openOrReveal(path, isNotebook ? undefined : 'Editor');
  // Notebook 7 opens it in a page of its own.
  if (widget === undefined || isNotebook || line === null || !app.commands.hasCommand(GO_TO_LINE)) return;
  await widget.revealed;
  await widget.context.ready;
  await app.commands.execute(GO_TO_LINE, { line, column: 1 });
}

function addOpenBlock(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.openBlock, {
    label: trans.__('Open Block'),
    caption: trans.__('Open the notebook of the block'),
    icon: notebookIcon,
    describedBy: blockArguments(trans),
    isEnabled: args => blockTarget(context, args) !== null,
    refusal: trans.__('Could not open'),
    execute: args => openBlock(context, args),
  });
}

async function openBlock(context: CommandContext, args: Parameters<typeof blockTarget>[1]): Promise<void> {
  const target = blockTarget(context, args);
  if (target === null) return;
  const { project, block } = target;
  context.documents.openOrReveal(pathIn(project, block.notebook));
  return Promise.resolve();
}
