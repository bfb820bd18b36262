/** Commands that run blocks. */
import { Notification } from '@jupyterlab/apputils';
import { fastForwardIcon, refreshIcon, runIcon, searchIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { TargetView } from '../../protocol/resident/calls.js';
import type { ProjectView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { confirmRun } from '../dialogs/previewRun.js';
import { runUpstreamIcon } from '../icons.js';
import { placeOf } from '../problems.js';
import type { IProjectModel } from '../tokens.js';
import { listing } from '../words.js';
import {
  addCommand,
  blockArguments,
  blocksOf,
  fileOf,
  notebookInFront,
  projectArguments,
  projectOf,
  writableProject,
  type Arguments,
  type CommandContext,
} from './context.js';
import { saveNotebooks } from './saving.js';

type Reach = Extract<TargetView, { kind: 'ids' }>['reach'];

/** How many blocks *Run affected* may run. */
export const affectedCount = ({ preview }: ProjectView): number =>
  preview.runs.length + preview.mayRun.length;

export function addRunCommands(context: CommandContext): void {
  addAffected(context);
  addOnBlocks(context);
  addAll(context);
  addCancel(context);
}

/** A project that could begin a run now: nothing runs, and nothing keeps it from being judged. */
const idle = (context: CommandContext, args: Arguments): ReturnType<typeof writableProject> => {
  const ready = writableProject(context, args);
  if (ready === null) return null;
  const { run, problems, blocks } = ready.view;
  return run === null && problems.length === 0 && blocks.length > 0 ? ready : null;
};

/** Says what is in the way where something of the project is broken. */
function captionOf(context: CommandContext, args: Arguments, caption: string): string {
  const { trans } = context;
  const [problem] = projectOf(context, args)?.view?.problems ?? [];
  if (problem === undefined) return caption;
  const place = placeOf(problem, trans);
  return place === ''
    ? trans.__('Nothing can run: %1', problem.message)
    : trans.__('Nothing can run: %1 (%2)', problem.message, place);
}

function addAffected(context: CommandContext): void {
  const { trans } = context;
  /** A notebook outside any project has no such button. */
  const isVisible = (args: Arguments): boolean => args['inNotebook'] !== true || isInProject(context);
  addCommand(context, CommandIds.runAffected, {
    label: args => {
      const view = projectOf(context, args)?.view;
      const count = view === null || view === undefined ? 0 : affectedCount(view);
      return count === 0 ? trans.__('Run affected') : trans.__('Run affected · %1', count);
    },
    caption: args => captionOf(context, args, trans.__('Run exactly the blocks whose results can differ')),
    icon: args => (args['inNotebook'] === true ? undefined : runIcon),
    describedBy: projectArguments(trans, {
      inNotebook: {
        type: 'boolean',
        description: trans.__('For the toolbar of a notebook: shown only where it belongs to a project.'),
      },
    }),
    isEnabled: args => idle(context, args) !== null,
    isVisible,
    refusal: trans.__('Could not run'),
    execute: args => startRun(context, args, { kind: 'affected' }, 'settings'),
  });
  addCommand(context, CommandIds.preview, {
    label: trans.__('Preview Run Affected…'),
    caption: args => captionOf(context, args, trans.__('Show what would run and why, and run it from there')),
    icon: searchIcon,
    describedBy: projectArguments(trans),
    isEnabled: args => idle(context, args) !== null,
    refusal: trans.__('Could not tell what would run'),
    execute: args => startRun(context, args, { kind: 'affected' }, 'always'),
  });
}

function addOnBlocks(context: CommandContext): void {
  const { trans } = context;
  const add = (
    id: string,
    reach: Reach,
    options: Pick<CommandRegistry.ICommandOptions, 'label' | 'caption' | 'icon'>,
    force = false,
  ): void =>
    addCommand(context, id, {
      ...options,
      describedBy: blockArguments(trans),
      isEnabled: args => {
        const ready = idle(context, args);
        return ready !== null && blocksOf(context, ready.project, args).length > 0;
      },
      refusal: trans.__('Could not run'),
      execute: args => {
        const project = projectOf(context, args);
        const selectors = project === null ? [] : blocksOf(context, project, args).map(block => block.id);
        if (selectors.length === 0) return Promise.resolve();
        return startRun(context, args, { kind: 'ids', selectors, reach }, 'settings', force);
      },
    });
  add(CommandIds.runBlock, 'needs', {
    label: trans.__('Run Block'),
    caption: trans.__('Run the block and whatever it needs to be fresh'),
    icon: runIcon,
  });
  add(CommandIds.runUpstream, 'upstream', {
    label: trans.__('Run Upstream'),
    caption: trans.__('Run what the block needs, without the block itself'),
    icon: runUpstreamIcon,
  });
  add(CommandIds.runDownstream, 'downstream', {
    label: trans.__('Run Downstream'),
    caption: trans.__('Run the block and everything below it'),
    icon: fastForwardIcon,
  });
  add(CommandIds.runOnly, 'only', {
    label: trans.__('Run Only This Block'),
    caption: trans.__('Run the block on what its parents stored last'),
  });
  add(
    CommandIds.forceBlock,
    'only',
    {
      label: trans.__('Run Again'),
      caption: trans.__('Run the block even though a stored result answers'),
      icon: refreshIcon,
    },
    true,
  );
}

function addAll(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.runAll, {
    label: trans.__('Run All Blocks'),
    caption: trans.__('Bring every block up to date; fresh ones are not run again'),
    describedBy: projectArguments(trans),
    isEnabled: args => idle(context, args) !== null,
    refusal: trans.__('Could not run'),
    execute: args => startRun(context, args, { kind: 'all' }, 'settings'),
  });
}

function addCancel(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.cancel, {
    label: trans.__('Cancel Run'),
    caption: trans.__('Stop the run; results that are stored already stay'),
    icon: stopIcon,
    describedBy: projectArguments(trans),
    isEnabled: args => {
      const run = writableProject(context, args)?.view.run ?? null;
      return run !== null && !run.isCancelling;
    },
    refusal: trans.__('Could not cancel'),
    execute: async args => projectOf(context, args)?.call('cancel', {}),
  });
}

/** @param ask `settings`: whether it is asked first is up to the person's settings */
async function startRun(
  context: CommandContext,
  args: Arguments,
  target: TargetView,
  ask: 'always' | 'settings',
  force = false,
): Promise<void> {
  const project = projectOf(context, args);
  if (project === null || !(await areSaved(context, project))) return;
  const isWanted = await confirmRun(context, project, target, force, ask);
  if (isWanted) await project.call('run', { target, force, by: 'Jupyter' });
}

async function areSaved(context: CommandContext, project: IProjectModel): Promise<boolean> {
  const { trans } = context;
  const unsaved = await saveNotebooks(context, project);
  if (unsaved.length === 0) return true;
  Notification.warning(trans.__('Nothing was run, since %1 could not be saved.', listing(unsaved, trans)));
  return false;
}

function isInProject(context: CommandContext): boolean {
  const project = context.projects.current;
  const panel = notebookInFront(context) ?? context.notebooks.currentWidget;
  return project !== null && panel !== null && fileOf(project, panel.context.localPath) !== null;
}
