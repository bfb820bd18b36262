/** Commands that change blocks and their edges. */
import { Notification } from '@jupyterlab/apputils';
import {
  closeIcon,
  deleteIcon,
  editIcon,
  filterIcon,
  linkIcon,
  moveDownIcon,
  moveUpIcon,
  redoIcon,
  undoIcon,
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ProjectView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { askName } from '../dialogs/askName.js';
import { askBlocks } from '../dialogs/chooseBlocks.js';
import { askFilter } from '../dialogs/setFilter.js';
import { showProblems } from '../problems.js';
import { blockRows, reordered } from '../sidebar/rows.js';
import { stateWord } from '../stateGlyph.js';
import type { IProjectModel } from '../tokens.js';
import { listing } from '../words.js';
import {
  addCommand,
  blockArguments,
  blocksOf,
  blockTarget,
  projectArguments,
  writableProject,
  type Arguments,
  type CommandContext,
} from './context.js';

export function addEditCommands(context: CommandContext): void {
  addRename(context);
  addRemove(context);
  addLinks(context);
  addFilter(context);
  addMoves(context);
  addUndo(context);
}

const textOf = (args: Arguments, name: string): string | undefined => {
  const value = args[name];
  return typeof value === 'string' ? value : undefined;
};

function addRename(context: CommandContext): void {
  const { trans, selection } = context;
  addCommand(context, CommandIds.renameBlock, {
    label: trans.__('Rename Block…'),
    caption: trans.__('Give the block another name; what is stored of it stays'),
    icon: editIcon,
    describedBy: blockArguments(trans, {
      to: { type: 'string', description: trans.__('The new name; without it a dialog asks for one.') },
    }),
    isEnabled: args => blockTarget(context, args, true) !== null,
    refusal: trans.__('Could not rename'),
    execute: async args => {
      const target = blockTarget(context, args, true);
      if (target === null) return;
      const { project, block } = target;
      const to = textOf(args, 'to') ?? (await askNewName(project, block.id, trans));
      if (to === null || to === block.id) return;
      await project.call('renameBlock', { block: block.id, to });
      selection.select(project, [to]);
    },
  });
}

const askNewName = (
  project: IProjectModel,
  block: string,
  trans: TranslationBundle,
): Promise<string | null> =>
  askName(
    { title: trans.__('Rename %1', block), accept: trans.__('Rename'), start: block, own: block },
    project,
    trans,
  );

function addRemove(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.removeBlock, {
    label: trans.__('Remove Block'),
    caption: trans.__('Take the block out of the project; it can be undone'),
    icon: deleteIcon,
    describedBy: blockArguments(trans),
    isEnabled: args => {
      const ready = writableProject(context, args);
      return ready !== null && blocksOf(context, ready.project, args).length > 0;
    },
    refusal: trans.__('Could not remove'),
    execute: async args => {
      const project = writableProject(context, args)?.project;
      if (project === undefined) return;
      const ids = blocksOf(context, project, args).map(({ id }) => id);
      const rows = blockRows(project.view?.blocks ?? []).map(({ id }) => id);
      for (const id of ids) await project.call('removeBlock', { block: id });
      selectNeighbour(context, project, rows, ids);
      const undoes = project.view?.undo;
      const message = trans.__('Removed %1', listing(ids, trans));
      Notification.info(message, {
        autoClose: 10_000,
        actions: [
          {
            label: trans.__('Undo'),
            callback: () => void undoTimes(context, project, ids, undoes),
          },
        ],
      });
    },
  });
}

/** The row that comes into the place of removed ones. */
function selectNeighbour(
  { selection }: CommandContext,
  project: IProjectModel,
  rows: readonly string[],
  removed: readonly string[],
): void {
  const place = rows.findIndex(id => removed.includes(id));
  const left = rows.filter(id => !removed.includes(id));
  const next = left[Math.min(place, left.length - 1)];
  selection.select(project, next === undefined ? [] : [next]);
}

/** Undoes the removals, unless something else was done since, which undoing would take back instead. */
async function undoTimes(
  { trans, selection }: CommandContext,
  project: IProjectModel,
  ids: readonly string[],
  expected: string | null | undefined,
): Promise<void> {
  if (project.view?.undo !== expected) {
    Notification.warning(
      trans.__(
        'Something else was changed since. Undo goes back step by step: %1.',
        project.view?.undo ?? '',
      ),
    );
    return;
  }
  try {
    for (let step = 0; step < ids.length; step += 1) await project.call('undo', {});
    selection.select(project, ids);
  } catch (error) {
    await showProblems(trans.__('Could not undo'), error, trans);
  }
}

function addLinks(context: CommandContext): void {
  const { trans } = context;
  const edge = {
    parent: { type: 'string', description: trans.__('Id of the block that hands on values.') },
    child: { type: 'string', description: trans.__('Id of the block that gets them.') },
  };
  addCommand(context, CommandIds.linkBlocks, {
    label: trans.__('Link to Parents…'),
    caption: trans.__('Choose blocks whose values this block gets'),
    icon: linkIcon,
    describedBy: blockArguments(trans, edge),
    isEnabled: args => blockTarget(context, args, true) !== null,
    refusal: trans.__('Could not link'),
    execute: async args => {
      const ready = writableProject(context, args);
      if (ready === null) return;
      const { project, view } = ready;
      const child = textOf(args, 'child') ?? blockTarget(context, args, true)?.block.id;
      if (child === undefined) return;
      const given = textOf(args, 'parent');
      const parents = given === undefined ? await chooseParents(context, view, child) : [given];
      for (const parent of parents ?? []) await project.call('link', { parent, child });
    },
  });
  addCommand(context, CommandIds.unlinkBlocks, {
    label: trans.__('Unlink from Parents…'),
    caption: trans.__('Choose parents that this block gets nothing from any more'),
    icon: closeIcon,
    describedBy: blockArguments(trans, edge),
    isEnabled: args => {
      if (textOf(args, 'child') !== undefined) return writableProject(context, args) !== null;
      return (blockTarget(context, args, true)?.block.parents.length ?? 0) > 0;
    },
    refusal: trans.__('Could not unlink'),
    execute: async args => {
      const ready = writableProject(context, args);
      if (ready === null) return;
      const { project } = ready;
      const child = textOf(args, 'child') ?? blockTarget(context, args, true)?.block.id;
      if (child === undefined) return;
      const given = textOf(args, 'parent');
      const parents =
        given === undefined
          ? await askBlocks(
              trans.__('Parents that %1 is unlinked from', child),
              trans.__('Unlink'),
              (project.block(child)?.parents ?? []).map(({ block }) => ({
                id: block,
                remark: crossing(ready.view, block, child),
              })),
              trans,
            )
          : [given];
      for (const parent of parents ?? []) await project.call('unlink', { parent, child });
    },
  });
}

const crossing = ({ edges }: ProjectView, parent: string, child: string): string =>
  (edges.find(({ from, to }) => from === parent && to === child)?.variables ?? [])
    .map(({ name }) => name)
    .join(', ');

/** Every block that is no parent yet; one that makes a cycle is refused with its path. */
function chooseParents(
  { trans }: CommandContext,
  view: ProjectView,
  child: string,
): Promise<readonly string[] | null> {
  const parents = new Set(view.blocks.find(({ id }) => id === child)?.parents.map(({ block }) => block));
  return askBlocks(
    trans.__('Blocks whose values %1 gets', child),
    trans.__('Link'),
    view.blocks
      .filter(({ id }) => id !== child && !parents.has(id))
      .map(({ id, state, exports }) => ({
        id,
        remark:
          exports.length > 0
            ? listing(
                exports.map(({ name }) => name),
                trans,
                4,
              )
            : stateWord(state, trans),
      })),
    trans,
  );
}

function addFilter(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.setFilter, {
    label: trans.__('Choose What It Hands On…'),
    caption: trans.__('Set the filter of the block from the variables it makes'),
    icon: filterIcon,
    describedBy: blockArguments(trans),
    isEnabled: args => blockTarget(context, args, true) !== null,
    refusal: trans.__('Could not set the filter'),
    execute: async args => {
      const target = blockTarget(context, args, true);
      if (target === null) return;
      const { project, view, block } = target;
      const filter = await askFilter(block, view, trans);
      if (filter === null || JSON.stringify(filter) === JSON.stringify(block.filter)) return;
      await project.call('setFilter', { block: block.id, filter });
    },
  });
}

function addMoves(context: CommandContext): void {
  const { trans } = context;
  const add = (id: string, label: string, caption: string, isUp: boolean): void =>
    addCommand(context, id, {
      label,
      caption,
      icon: isUp ? moveUpIcon : moveDownIcon,
      describedBy: blockArguments(trans),
      isEnabled: args => orderMoved(context, args, isUp) !== null,
      refusal: trans.__('Could not move'),
      execute: async args => {
        const order = orderMoved(context, args, isUp);
        const project = blockTarget(context, args, true)?.project;
        if (order !== null) await project?.call('reorderBlocks', { order });
      },
    });
  add(
    CommandIds.moveUp,
    trans.__('Move Up'),
    trans.__('List the block, and its cells, before the one above it'),
    true,
  );
  add(
    CommandIds.moveDown,
    trans.__('Move Down'),
    trans.__('List the block, and its cells, after the one below it'),
    false,
  );
}

function orderMoved(context: CommandContext, args: Arguments, isUp: boolean): readonly string[] | null {
  const target = blockTarget(context, args, true);
  if (target === null) return null;
  const { view, block } = target;
  const rows = blockRows(view.blocks).map(({ id }) => id);
  const place = rows.indexOf(block.id);
  const before = isUp ? rows[place - 1] : (rows[place + 2] ?? null);
  if (before === undefined || (!isUp && place === rows.length - 1)) return null;
  return reordered(view.blocks, block.id, before);
}

function addUndo(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.undo, {
    label: args => {
      const undoes = writableProject(context, args)?.view.undo ?? null;
      return undoes === null ? trans.__('Undo Change of the DAG') : trans.__('Undo: %1', undoes);
    },
    caption: trans.__('Take the last change of blocks and edges back'),
    icon: undoIcon,
    describedBy: projectArguments(trans),
    isEnabled: args => (writableProject(context, args)?.view.undo ?? null) !== null,
    refusal: trans.__('Could not undo'),
    execute: async args => writableProject(context, args)?.project.call('undo', {}),
  });
  addCommand(context, CommandIds.redo, {
    label: args => {
      const redoes = writableProject(context, args)?.view.redo ?? null;
      return redoes === null ? trans.__('Redo Change of the DAG') : trans.__('Redo: %1', redoes);
    },
    caption: trans.__('Make the change that was taken back again'),
    icon: redoIcon,
    describedBy: projectArguments(trans),
    isEnabled: args => (writableProject(context, args)?.view.redo ?? null) !== null,
    refusal: trans.__('Could not redo'),
    execute: async args => writableProject(context, args)?.project.call('redo', {}),
  });
}
