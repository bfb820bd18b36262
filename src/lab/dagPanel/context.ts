/** What the parts of the DAG panel work with. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Direction } from '../../dagLayout/index.js';
import type { IBlockSelection, IProjects } from '../tokens.js';

export interface DagPanelContext {
  readonly commands: CommandRegistry;
  readonly projects: IProjects;
  readonly selection: IBlockSelection;
  readonly trans: TranslationBundle;
  /** `null`: what fits the shape of the panel. */
  readonly direction: () => Direction | null;
}
