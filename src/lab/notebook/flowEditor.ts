/** What the commands ask of notebooks: make a block of cells, open blocks as one notebook, go to a failure. */
import { Notification } from '@jupyterlab/apputils';
import { PageConfig, PathExt, URLExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookPanel, type INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { BlockView } from '../../protocol/resident/view.js';
import type { BlockToAdd, IFlowEditor } from '../flowTokens.js';
import { pathIn } from '../kernel/relevant.js';
import type { IProjectModel } from '../tokens.js';
import { makeBlock } from './makeBlock.js';
import { recordOf } from './membership.js';
import type { Followed, Notebooks } from './notebooks.js';
import type { OpenNotebook } from './openNotebook.js';
import { saveDocument } from './saveDocument.js';

export interface FlowEditorOptions {
  readonly notebooks: Notebooks;
  readonly tracker: INotebookTracker;
  readonly documents: IDocumentManager;
  readonly trans: TranslationBundle;
  /** Other documents are other pages, as in Notebook 7. */
  readonly isSingle: boolean;
}

/** In the address of a page: the block whose failure it goes to. */
const FRAGMENT = '#dagpy-failure=';

export class FlowEditor implements IFlowEditor {
  constructor(private readonly options: FlowEditorOptions) {
    options.notebooks.followed.connect((_, followed) => void this.arrive(followed));
  }

  async addBlock(panel: NotebookPanel, cells: readonly string[], block: BlockToAdd): Promise<void> {
    const { notebooks, trans } = this.options;
    const followed = await notebooks.follow(panel);
    if (followed === undefined)
      throw new Error(trans.__('This notebook lies in no project that can be reached now.'));
    const { notebook, syncing } = followed;
    const { project } = notebook;
    if (notebook.subject.kind === 'block') {
      // The file has to hold them as they are here: they move from it into the new block's.
      await saveDocument(panel.context);
      const chosen = [...notebook.model.cells].flatMap((cell, at) =>
        cells.includes(cell.id) ? [{ place: at + 1, source: cell.sharedModel.getSource() }] : [],
      );
      const { block: from } = notebook.subject;
      const made = await project.call('splitBlock', { ...block, block: from, cells: chosen });
      syncing.check();
      await syncing.settled;
      this.tellOfPart(project, from, made);
      return;
    }
    notebook.asOwn(() => makeBlock(notebook, cells, block));
    notebook.look();
    await saveDocument(panel.context);
    await syncing.settled;
    if (project.block(block.id) === undefined) await until(project, block.id);
  }

  private tellOfPart(
    project: IProjectModel,
    from: string,
    { block, notebook }: { readonly block: string; readonly notebook: string },
  ): void {
    const { documents, trans } = this.options;
    Notification.success(trans.__('The cells moved from %1 into the new block %2', from, block), {
      autoClose: 5000,
      actions: [
        {
          label: trans.__('Open'),
          callback: () => void documents.openOrReveal(pathIn(project.path, notebook)),
        },
      ],
    });
  }

  async openFlow(project: IProjectModel, blocks: readonly string[]): Promise<void> {
    const { documents } = this.options;
    const { contents } = documents.services;
    const { content } = await project.call('composeFlow', { blocks });
    const folder = project.path;
    const { content: listed } = (await contents.get(folder)) as {
      readonly content: readonly { readonly name: string }[];
    };
    const taken = new Set(listed.map(({ name }) => name));
    const stem = blocks.length === 1 ? blocks[0]! : `${blocks[0] ?? 'blocks'}-and-${blocks.length - 1}-more`;
    let path = '';
    for (let number = 1; path === ''; number += 1) {
      const name = number === 1 ? `${stem}.flow.ipynb` : `${stem}-${number}.flow.ipynb`;
      const file = pathIn(folder, name);
      if (!taken.has(name)) {
        await contents.save(file, { type: 'notebook', format: 'json', content });
        path = file;
      } else if (await this.isFlowOf(file, content)) path = file;
    }
    documents.openOrReveal(path);
  }

  async showFailure(project: IProjectModel, block: string): Promise<void> {
    const { tracker, notebooks, documents, isSingle } = this.options;
    const view = project.block(block);
    if (view === undefined) return;
    const shows = ({ notebook }: Followed): boolean =>
      notebook.project === project && notebook.shown.some(shown => shown.view?.id === block);
    const open = notebooks.all.filter(shows);
    const followed = open.find(({ notebook }) => notebook.panel === tracker.currentWidget) ?? open[0];
    if (followed === undefined && isSingle) {
      const path = URLExt.encodeParts(pathIn(project.path, view.notebook));
      const page = URLExt.join(PageConfig.getBaseUrl(), 'notebooks', path);
      window.open(`${page}${FRAGMENT}${encodeURIComponent(block)}`, '_blank');
      return;
    }
    const panel = followed?.notebook.panel ?? documents.openOrReveal(pathIn(project.path, view.notebook));
    if (!(panel instanceof NotebookPanel)) return;
    documents.openOrReveal(panel.context.path);
    await panel.revealed;
    const found = (await notebooks.follow(panel))?.notebook;
    if (found !== undefined) await this.goToFailure(found, view);
  }

  private async goToFailure(found: OpenNotebook, view: BlockView): Promise<void> {
    const { panel } = found;
    const { id: block } = view;
    await panel.context.ready;
    const place = view.failure?.cell ?? null;
    const id =
      place === null
        ? found.shown.find(({ view: one }) => one?.id === block)?.cells[0]
        : found.cellAt(block, null, place);
    const { content } = panel;
    const index = content.widgets.findIndex(({ model }) => model.id === id);
    const cell = content.widgets[index];
    if (cell === undefined) return;
    content.deselectAll();
    content.activeCellIndex = index;
    content.mode = 'command';
    const code = found.codeCell(cell.model.id);
    if (code !== undefined) {
      const failure = view.failure;
      // A block that failed before it wrote its notebook: what is known of it is shown all the same.
      if (failure !== null && failure.traceback.length > 0 && code.outputs.length === 0)
        found.quietly(() => {
          const [ename = '', ...evalue] = failure.message.split(': ');
          code.outputs.add({
            output_type: 'error',
            ename,
            evalue: evalue.join(': '),
            traceback: [...failure.traceback],
          });
        });
      if (code.getMetadata('collapsed') === true) code.setMetadata('collapsed', false);
    }
    await content.scrollToItem(index, 'center');
    content.activate();
    const bottom = cell.node.querySelector('.jp-OutputArea-child:last-child');
    bottom?.scrollIntoView({ block: 'nearest' });
  }

  /** The page was opened for a failure. */
  private async arrive({ notebook }: Followed): Promise<void> {
    const { hash } = window.location;
    if (!this.options.isSingle || !hash.startsWith(FRAGMENT)) return;
    const block = decodeURIComponent(hash.slice(FRAGMENT.length));
    // Loaded again, it is a page like any other.
    window.history.replaceState(window.history.state, '', window.location.href.slice(0, -hash.length));
    const { project } = notebook;
    await until(project, block);
    const view = project.block(block);
    if (view === undefined || notebook.isDisposed) return;
    notebook.look();
    await notebook.panel.revealed;
    await this.goToFailure(notebook, view);
  }

  async settled(): Promise<void> {
    await Promise.all(this.options.notebooks.all.map(({ syncing }) => syncing.settled));
  }

  /** Whether a notebook that is there already shows the same blocks. */
  private async isFlowOf(path: string, wanted: unknown): Promise<boolean> {
    const { content } = (await this.options.documents.services.contents.get(path)) as {
      readonly content: unknown;
    };
    const blocksIn = (notebook: unknown): string => {
      const metadata =
        typeof notebook === 'object' && notebook !== null && 'metadata' in notebook
          ? notebook.metadata
          : null;
      const dagpy =
        typeof metadata === 'object' && metadata !== null && 'dagpy' in metadata ? metadata.dagpy : null;
      return (recordOf(dagpy)?.blocks ?? [])
        .map(({ uid }) => uid)
        .sort()
        .join('\n');
    };
    return (
      PathExt.extname(path) === '.ipynb' && blocksIn(content) !== '' && blocksIn(content) === blocksIn(wanted)
    );
  }
}

/** Resolves when the project has the block; what keeps it from being made is told elsewhere. */
function until(project: IProjectModel, block: string): Promise<void> {
  return new Promise(resolve => {
    const finish = (): void => {
      clearTimeout(timer);
      project.changed.disconnect(look);
      resolve();
    };
    const look = (): void => {
      if (project.block(block) !== undefined) finish();
    };
    const timer = setTimeout(finish, 3000);
    project.changed.connect(look);
    look();
  });
}
