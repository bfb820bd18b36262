/** What the notebook part of this extension does for its other parts. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { FilterView, ParentView } from '../protocol/resident/view.js';
import type { IProjectModel } from './tokens.js';

export interface BlockToAdd {
  readonly id: string;
  /** `null`: found from the code. */
  readonly parents: readonly ParentView[] | null;
  readonly filter: FilterView;
}

export interface IFlowEditor {
  /** Makes cells of an open notebook a block of its project. @param cells ids, top to bottom */
  addBlock(panel: NotebookPanel, cells: readonly string[], block: BlockToAdd): Promise<void>;
  /** Opens one notebook of the blocks and whatever they need. */
  openFlow(project: IProjectModel, blocks: readonly string[]): Promise<void>;
  /** Opens the failing block's notebook at the cell that failed. */
  showFailure(project: IProjectModel, block: string): Promise<void>;
  /** Resolves once whatever was saved in open notebooks is in the files of their blocks. */
  settled(): Promise<void>;
}

export const IFlowEditor = new Token<IFlowEditor>(
  'jupyterlab-dagpy:IFlowEditor',
  'Shows and edits the blocks of DAGpy projects in notebooks.',
);
