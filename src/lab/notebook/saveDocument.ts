/** Saves a notebook, also one that several pages share. */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';

/** The server saves a shared notebook a second after the last edit. */
const SOON = 4000;

/** Of a shared one: what a page asks for while the server saves it is refused as a conflict, so it is awaited first. */
export async function saveDocument(context: DocumentRegistry.IContext<INotebookModel>): Promise<void> {
  const { model } = context;
  if (model.collaborative === true && (await becomesClean(model))) return;
  await context.save();
}

function becomesClean(model: INotebookModel): Promise<boolean> {
  return new Promise(resolve => {
    const finish = (): void => {
      clearTimeout(timer);
      model.stateChanged.disconnect(look);
      resolve(!model.dirty);
    };
    const look = (): void => {
      if (!model.dirty) finish();
    };
    const timer = setTimeout(finish, SOON);
    model.stateChanged.connect(look);
    look();
  });
}
