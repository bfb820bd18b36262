import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { BlockSelection } from '../selection.js';
import { IBlockSelection } from '../tokens.js';

export const selectionPlugin: JupyterFrontEndPlugin<IBlockSelection> = {
  id: 'jupyterlab-dagpy:selection',
  description: 'Keeps which blocks are selected.',
  autoStart: true,
  provides: IBlockSelection,
  activate: () => new BlockSelection(),
};
