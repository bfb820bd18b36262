/** Before a run, what is being edited goes to disk: a run takes blocks as they lie there. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IProjectModel } from '../tokens.js';
import { saveDocument } from '../notebook/saveDocument.js';
import { fileOf, type CommandContext } from './context.js';

/** @returns names of notebooks that could not be saved */
export async function saveNotebooks(
  { notebooks, flow }: CommandContext,
  project: IProjectModel,
): Promise<readonly string[]> {
  const blocks = new Set(project.view?.blocks.map(({ notebook }) => notebook));
  const unsaved: NotebookPanel[] = [];
  notebooks.forEach(panel => {
    const { context } = panel;
    const file = fileOf(project, context.localPath);
    const isOfProject =
      file !== null && (blocks.has(file) || context.model.sharedModel.getMetadata('dagpy') !== undefined);
    if (isOfProject && context.model.dirty && !context.model.readOnly) unsaved.push(panel);
  });
  const kept: string[] = [];
  for (const { context } of unsaved) {
    // Asks by itself what to do where the file changed on disk meanwhile.
    await saveDocument(context).catch(() => undefined);
    if (context.model.dirty) kept.push(context.path);
  }
  await flow()?.settled();
  // What was saved in a notebook of several blocks goes on into their files.
  await flow()?.settled();
  return kept;
}
