/** *Branch from here*: a child of a finished block, ready to type in. */
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { BlockView } from '../../protocol/resident/view.js';
import { askName } from '../dialogs/askName.js';
import { showProblems } from '../problems.js';
import type { IProjectModel } from '../tokens.js';
import type { KernelPanels } from './kernelPanels.js';
import type { KernelSession } from './kernelSession.js';
import { pathIn } from './relevant.js';

/** Nobody waits longer for values before typing. */
const LONGEST_WAIT_MILLISECONDS = 15_000;

export interface BranchOptions {
  readonly model: IProjectModel;
  readonly parent: BlockView;
  /** Name of the new block; absent: asked for. */
  readonly name?: string;
  readonly documents: IDocumentManager;
  readonly panels: KernelPanels;
  readonly trans: TranslationBundle;
}

/** @returns id of the new block; `null`: the person thought better of it */
export async function branchFrom(options: BranchOptions): Promise<string | null> {
  const { model, parent, documents, panels, trans } = options;
  const { view } = model;
  if (view === null) return null;
  const id =
    options.name ??
    (await askName(
      {
        title: trans.__('Branch from %1', parent.id),
        accept: trans.__('Branch'),
        start: freeName(parent.id, new Set(view.blocks.map(block => block.id))),
      },
      model,
      trans,
    ));
  if (id === null) return null;
  try {
    const { block, notebook } = await model.call('addBlock', {
      id,
      sources: [],
      parents: [{ block: parent.id, use: null }],
      filter: { kind: 'auto' },
      after: parent.id,
    });
    const widget = documents.openOrReveal(pathIn(model.path, notebook));
    // Notebook 7 opens it in a page of its own, which fills its kernel itself.
    if (!(widget instanceof NotebookPanel) || !widget.isAttached) return block;
    const release = holdBack(widget);
    try {
      const session = await panels.attach(widget);
      if (session !== undefined) await filled(session);
    } finally {
      release();
    }
    return block;
  } catch (error) {
    await showProblems(trans.__('No branch of %1', parent.id), error, trans);
    return null;
  }
}

/** `clean-branch`, `clean-branch-2` … */
export function freeName(parent: string, taken: ReadonlySet<string>): string {
  const name = `${parent}-branch`;
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
}

/** Resolves when the kernel has what the block is given, or when it is told why not. */
async function filled(session: KernelSession): Promise<void> {
  const { context } = session.panel;
  await context.ready;
  // The project as it is with the new block.
  if (session.subject === null)
    await new Promise<void>(settle => {
      const look = (): void => {
        if (session.subject === null) return;
        session.model.changed.disconnect(look);
        settle();
      };
      session.model.changed.connect(look);
    });
  await session.fill();
}

/** Nothing can be typed until the values are there, so that no cell runs without them. */
function holdBack(panel: NotebookPanel): () => void {
  const { node } = panel.content;
  node.inert = true;
  node.setAttribute('aria-busy', 'true');
  panel.addClass('dagpy-mod-filling');
  function release(): void {
    clearTimeout(timer);
    if (!node.inert) return;
    node.inert = false;
    node.removeAttribute('aria-busy');
    panel.removeClass('dagpy-mod-filling');
    if (!panel.isDisposed && panel.isVisible) {
      panel.content.activate();
      panel.content.mode = 'edit';
    }
  }
  const timer = setTimeout(release, LONGEST_WAIT_MILLISECONDS);
  return release;
}
