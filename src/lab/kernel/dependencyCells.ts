/** The cells of what a block needs, to be read and not to be edited: they are files of their own. */
import { NotebookModel, StaticNotebook, type NotebookPanel } from '@jupyterlab/notebook';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { NotebookContent } from '../../protocol/resident/calls.js';

export interface DependencyCells {
  readonly widget: StaticNotebook;
  dispose(): void;
}

/**
 * @param content a flow of the block and what it needs
 * @param own identity of the block whose cells are left out
 */
export function dependencyCells(
  panel: NotebookPanel,
  content: NotebookContent,
  own: string,
): DependencyCells {
  const { rendermime, contentFactory, editorConfig, notebookConfig, translator } = panel.content;
  const language = (): string => panel.content.codeMimetype;
  const model = new NotebookModel();
  model.fromJSON(withoutBlock(content, own) as unknown as INotebookContent);
  for (const cell of model.cells) {
    cell.setMetadata('editable', false);
    cell.setMetadata('deletable', false);
  }
  const widget = new StaticNotebook({
    rendermime: rendermime.clone(),
    contentFactory,
    editorConfig,
    // All of it is drawn: the strip has a scroll bar of its own.
    notebookConfig: { ...notebookConfig, windowingMode: 'none', scrollPastEnd: false },
    // Its cells are in the language of the notebook below.
    mimeTypeService: { getMimeTypeByLanguage: language, getMimeTypeByFilePath: language },
    translator,
  });
  widget.model = model;
  widget.addClass('dagpy-dependencyCells');
  return {
    widget,
    dispose() {
      widget.dispose();
      model.dispose();
    },
  };
}

function withoutBlock(content: NotebookContent, own: string): NotebookContent {
  const cells = Array.isArray(content['cells']) ? content['cells'] : [];
  return { ...content, cells: cells.filter(cell => blockOfCell(cell) !== own) };
}

function blockOfCell(cell: unknown): unknown {
  if (typeof cell !== 'object' || cell === null || !('metadata' in cell)) return undefined;
  const { metadata } = cell;
  if (typeof metadata !== 'object' || metadata === null || !('dagpy' in metadata)) return undefined;
  const { dagpy } = metadata;
  if (typeof dagpy !== 'object' || dagpy === null) return undefined;
  // A heading says whose it is too.
  return 'block' in dagpy ? dagpy.block : 'header' in dagpy ? dagpy.header : undefined;
}
