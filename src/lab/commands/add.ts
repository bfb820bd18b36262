/** The commands that make projects and blocks. */
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { addIcon, newFolderIcon } from '@jupyterlab/ui-components';
import { CommandIds } from '../commandIds.js';
import { askBlock } from '../dialogs/addBlock.js';
import { askProjectName } from '../dialogs/createProject.js';
import { blocksIcon } from '../icons.js';
import type { IProjectHold, IProjectModel } from '../tokens.js';
import {
  addCommand,
  blocksOf,
  fileOf,
  notebookInFront,
  projectArguments,
  projectOf,
  type Arguments,
  type CommandContext,
} from './context.js';

export function addMakingCommands(context: CommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIds.addBlock, {
    label: args =>
      args['fromCells'] === true || args['inCell'] === true
        ? trans.__('Add Block from Selected Cells…')
        : trans.__('Add Block…'),
    caption: trans.__('Make the selected cells, or an empty cell, a block of the project'),
    // Beside the icon that adds a cell it has to be another one.
    icon: args => (args['inCell'] === true ? blocksIcon : addIcon),
    describedBy: projectArguments(trans, {
      fromCells: {
        type: 'boolean',
        description: trans.__('Take the selected cells, in a notebook of a block too.'),
      },
      inCell: {
        type: 'boolean',
        description: trans.__('As fromCells, for the toolbar of a cell: shown only in a project.'),
      },
      empty: { type: 'boolean', description: trans.__('Take no cells: the block begins empty.') },
    }),
    isEnabled: args => context.projects.connection.state === 'ready' && !isReadOnly(context, args),
    // The toolbar of a cell is narrow, and most cells outside projects never become blocks.
    isVisible: args => args['inCell'] !== true || isInProject(context),
    refusal: trans.__('Could not add the block'),
    execute: args => addBlock(context, args),
  });
  addCommand(context, CommandIds.createProject, {
    label: trans.__('Make This Folder a Project…'),
    caption: trans.__('Make a dag.json in the folder of the current document'),
    icon: newFolderIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          folder: { type: 'string', description: trans.__('Folder, relative to the root of the server.') },
        },
      },
    },
    isEnabled: () => context.projects.connection.state === 'ready',
    refusal: trans.__('Could not make the project'),
    execute: args => {
      const given = args['folder'];
      return createProject(context, typeof given === 'string' ? given : folderInFront(context));
    },
  });
}

const isReadOnly = (context: CommandContext, args: Arguments): boolean =>
  projectOf(context, args)?.view?.isReadOnly ?? false;

function isInProject({ projects, notebooks }: CommandContext): boolean {
  const { current } = projects;
  const panel = notebooks.currentWidget;
  return current !== null && panel !== null && fileOf(current, panel.context.localPath) !== null;
}

/** Folder of the document in front, else the root. */
function folderInFront({ app, documents }: CommandContext): string {
  const { currentWidget } = app.shell;
  const path = currentWidget === null ? undefined : documents.contextForWidget(currentWidget)?.path;
  return path === undefined ? '' : PathExt.dirname(path);
}

/** @returns the project that was made; `null`: cancelled */
async function createProject(context: CommandContext, folder: string): Promise<string | null> {
  const { projects, trans } = context;
  const name = await askProjectName(folder, trans);
  if (name === null) return null;
  const { project } = await projects.connection.call('createProject', { folder, name });
  projects.refresh();
  return project;
}

interface Cells {
  readonly panel: NotebookPanel;
  readonly ids: readonly string[];
  /** Of those that hold code. */
  readonly sources: readonly string[];
  /** Block of the nearest cell above that belongs to one. */
  readonly after: string | undefined;
}

async function addBlock(context: CommandContext, args: Arguments): Promise<void> {
  const cells = args['empty'] === true ? null : cellsFor(context, args);
  const hold = await holdFor(context, args, cells);
  if (hold === null) return;
  try {
    await known(hold.model);
    await addTo(context, hold.model, args, cells);
  } finally {
    hold.dispose();
  }
}

async function addTo(
  context: CommandContext,
  project: IProjectModel,
  args: Arguments,
  cells: Cells | null,
): Promise<void> {
  const { trans, selection } = context;
  const selected = blocksOf(context, project, args).at(-1)?.id;
  const after = cells === null ? selected : cells.after;
  const place = after !== undefined && project.block(after) !== undefined ? { after } : {};
  const suggestion = await project.call('suggest', { sources: cells?.sources ?? [], ...place });
  const from =
    cells === null
      ? trans.__('An empty block in a notebook of its own.')
      : trans._n(
          'From %1 selected cell of %2',
          'From %1 selected cells of %2',
          cells.ids.length,
          PathExt.basename(cells.panel.context.localPath),
        );
  const block = await askBlock({ project, suggestion, from }, trans);
  if (block === null) return;
  const flow = context.flow();
  if (cells !== null && flow !== null) await flow.addBlock(cells.panel, cells.ids, block);
  else {
    const parents = (block.parents ?? suggestion.parents).map(parent => parent.block);
    const below = lastOf(project, after === undefined ? parents : [...parents, after]);
    await project.call('addBlock', {
      ...block,
      sources: cells?.sources ?? [],
      ...(below === undefined ? {} : { after: below }),
    });
  }
  selection.select(project, [block.id]);
  if (cells === null) await context.app.commands.execute(CommandIds.openBlock, { block: block.id });
}

/** Whichever of the blocks stands last in the project: what needs all of them stands below it. */
const lastOf = ({ view }: IProjectModel, ids: readonly string[]): string | undefined =>
  view?.blocks.filter(({ id }) => ids.includes(id)).at(-1)?.id;

/** Selected cells of the notebook in front, where they are what the block is to be made of. */
function cellsFor(context: CommandContext, args: Arguments): Cells | null {
  const isAsked = args['fromCells'] === true || args['inCell'] === true;
  const panel = isAsked ? context.notebooks.currentWidget : notebookInFront(context);
  if (panel === null || panel.content.model === null) return null;
  const project = projectOf(context, args);
  const file = project === null ? null : fileOf(project, panel.context.localPath);
  // A block's own notebook holds nothing that is no block yet, unless one says so.
  const own = project?.view?.blocks.find(({ notebook }) => notebook === file);
  if (own !== undefined && !isAsked) return null;
  const { content } = panel;
  const selected = content.widgets.filter(cell => content.isSelectedOrActive(cell));
  if (selected.length === 0) return null;
  const first = content.widgets.indexOf(selected[0]!);
  const above = content.widgets
    .slice(0, first)
    .reverse()
    .map(cell => identityIn(cell.model.getMetadata('dagpy')));
  const uid = above.find(each => each !== undefined);
  const after = own ?? project?.view?.blocks.find(block => block.uid === uid);
  return {
    panel,
    ids: selected.map(cell => cell.model.id),
    sources: selected.filter(cell => cell.model.type === 'code').map(cell => cell.model.sharedModel.source),
    after: after?.id,
  };
}

/** Identity of the block that a cell belongs to or is the header of. */
function identityIn(metadata: unknown): string | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { block, header }: { readonly block?: unknown; readonly header?: unknown } = metadata;
  return typeof block === 'string' ? block : typeof header === 'string' ? header : undefined;
}

/** The project that the block goes into; where a notebook lies in none, its folder may become one. */
async function holdFor(
  context: CommandContext,
  args: Arguments,
  cells: Cells | null,
): Promise<IProjectHold | null> {
  const { projects } = context;
  if (cells !== null) {
    const { localPath: path } = cells.panel.context;
    return (await projects.find(path)) ?? holdMade(context, PathExt.dirname(path));
  }
  const project = projectOf(context, args);
  return project === null ? holdMade(context, folderInFront(context)) : projects.hold(project.path);
}

async function holdMade(context: CommandContext, folder: string): Promise<IProjectHold | null> {
  const project = await createProject(context, folder);
  return project === null ? null : context.projects.hold(project);
}

/** Resolves when the first view of the project has come. */
function known(project: IProjectModel): Promise<void> {
  if (project.view !== null) return Promise.resolve();
  return new Promise(resolve => {
    const look = (): void => {
      if (project.view === null && project.trouble === '') return;
      project.changed.disconnect(look);
      resolve();
    };
    project.changed.connect(look);
  });
}
