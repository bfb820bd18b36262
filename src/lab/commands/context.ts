/** What commands work with, and which project and block they are about. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { BlockView, ProjectView } from '../../protocol/resident/view.js';
import type { IFlowEditor } from '../flowTokens.js';
import { showProblems } from '../problems.js';
import { selectedIn } from '../selection.js';
import type { Settings } from '../settings.js';
import type { IBlockSelection, IProjectModel, IProjects } from '../tokens.js';

export interface CommandContext {
  readonly app: JupyterFrontEnd;
  readonly projects: IProjects;
  readonly selection: IBlockSelection;
  readonly documents: IDocumentManager;
  readonly notebooks: INotebookTracker;
  readonly settings: Settings;
  readonly trans: TranslationBundle;
  /** `null`: nothing here edits blocks in notebooks. It comes after the commands do. */
  readonly flow: () => IFlowEditor | null;
}

export type Arguments = ReadonlyPartialJSONObject;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The current project, unless `args` name another one that is held; `null`: there is none that could be worked with. */
export function projectOf({ projects }: CommandContext, args: Arguments): IProjectModel | null {
  const { current } = projects;
  const wanted = text(args['project']);
  return wanted === undefined || wanted === current?.path ? current : null;
}

/** A project whose blocks are known and whose daemon answers. */
export function readyProject(
  context: CommandContext,
  args: Arguments,
): { readonly project: IProjectModel; readonly view: ProjectView } | null {
  const project = projectOf(context, args);
  const view = project?.view ?? null;
  return project === null || view === null || context.projects.connection.state !== 'ready'
    ? null
    : { project, view };
}

/** As `readyProject`, for what writes files. */
export function writableProject(context: CommandContext, args: Arguments): ReturnType<typeof readyProject> {
  const ready = readyProject(context, args);
  return ready === null || ready.view.isReadOnly ? null : ready;
}

/** The block that `args` name, else those that are selected; in the order of selecting. */
export function blocksOf(
  { selection }: CommandContext,
  project: IProjectModel,
  args: Arguments,
): readonly BlockView[] {
  const named = text(args['block']);
  const ids = named === undefined ? selectedIn(selection, project) : [named];
  return ids.flatMap(id => project.block(id) ?? []);
}

export interface BlockTarget {
  readonly project: IProjectModel;
  readonly view: ProjectView;
  readonly block: BlockView;
}

/** The one block that a command is about; `null`: none, or it can not be worked with now. */
export function blockTarget(context: CommandContext, args: Arguments, mustWrite = false): BlockTarget | null {
  const ready = mustWrite ? writableProject(context, args) : readyProject(context, args);
  if (ready === null) return null;
  const block = blocksOf(context, ready.project, args).at(-1);
  return block === undefined ? null : { ...ready, block };
}

/** Path in the contents manager of a file of the project. */
export const pathIn = (project: IProjectModel, file: string): string =>
  project.path === '' ? file : `${project.path}/${file}`;

/** Path relative to the project; `null`: it lies elsewhere. */
export function fileOf(project: IProjectModel, path: string): string | null {
  if (project.path === '') return path;
  return path.startsWith(`${project.path}/`) ? path.slice(project.path.length + 1) : null;
}

/** The notebook in front. */
export function notebookInFront({ app, notebooks }: CommandContext): NotebookPanel | null {
  const { currentWidget } = notebooks;
  if (currentWidget === null || currentWidget.isDisposed) return null;
  const inFront = app.shell.currentWidget;
  // A sidebar that has the focus leaves the notebook beside it the current one.
  return inFront === null || inFront === currentWidget ? currentWidget : null;
}

/** Registers a command that tells in a dialog what kept it from doing what it should. */
export function addCommand(
  context: CommandContext,
  id: string,
  options: Omit<CommandRegistry.ICommandOptions, 'execute'> & {
    readonly execute: (args: Arguments) => Promise<unknown>;
    /** Title of the dialog that tells of a refusal. */
    readonly refusal: string;
  },
): void {
  const { execute, refusal, ...rest } = options;
  context.app.commands.addCommand(id, {
    ...rest,
    execute: async args => {
      try {
        return await execute(args);
      } catch (error) {
        await showProblems(refusal, error, context.trans);
        return undefined;
      }
    },
  });
}

/** How `args` of a command on one block are described. */
export const blockArguments = (
  trans: TranslationBundle,
  more: Readonly<Record<string, { readonly type: string; readonly description: string }>> = {},
): { readonly args: ReadonlyJSONObject } => ({
  args: {
    type: 'object',
    properties: {
      project: {
        type: 'string',
        description: trans.__('Folder of the project; without it the current one.'),
      },
      block: { type: 'string', description: trans.__('Id of the block; without it the selected one.') },
      ...more,
    },
  },
});

export const projectArguments = (
  trans: TranslationBundle,
  more: Readonly<Record<string, { readonly type: string; readonly description: string }>> = {},
): { readonly args: ReadonlyJSONObject } => ({
  args: {
    type: 'object',
    properties: {
      project: {
        type: 'string',
        description: trans.__('Folder of the project; without it the current one.'),
      },
      ...more,
    },
  },
});
