/** The block that a person works in is the selected one, so commands that name none are about it. */
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IBlockSelection } from '../tokens.js';
import type { Notebooks } from './notebooks.js';

export function followActiveCell(
  tracker: INotebookTracker,
  notebooks: Notebooks,
  selection: IBlockSelection,
): void {
  const select = (): void => {
    const { currentWidget: panel, activeCell: cell } = tracker;
    if (panel === null || cell === null) return;
    const notebook = notebooks.of(panel)?.notebook;
    // Cells that DAGpy brings or takes make another one active without anybody going there.
    if (notebook === undefined || notebook.isChanging) return;
    const block = notebook.blockOf(cell.model.id)?.view ?? null;
    if (block !== null) selection.select(notebook.project, [block.id]);
  };
  tracker.activeCellChanged.connect(select);
  notebooks.followed.connect((_, { notebook }) => {
    if (notebook.panel === tracker.currentWidget) select();
  });
}
