/** Edits of the DAG, each remembered for undo. */
import type { CallHandlers } from '../../protocol/resident/calls.js';
import { removeBlock, reorderBlocks, setFilter } from '../editing/blocks.js';
import { linkBlocks, unlinkBlocks } from '../editing/edges.js';
import type { DaemonHost } from './serveHost.js';

type EditCalls = Pick<
  CallHandlers,
  'removeBlock' | 'reorderBlocks' | 'link' | 'unlink' | 'setFilter' | 'undo' | 'redo'
>;

export function editCalls(host: DaemonHost): EditCalls {
  const edit = (project: string, what: string, change: (folder: string) => void): Promise<object> =>
    host.edit(project, what, writing => {
      writing(() => change(host.folder(project)));
      return Promise.resolve({});
    });
  return {
    removeBlock: ({ project, block }) =>
      edit(project, `remove ${block}`, folder => void removeBlock(folder, block)),
    reorderBlocks: ({ project, order }) =>
      edit(project, 'reorder the blocks', folder => reorderBlocks(folder, order)),
    link: ({ project, parent, child, use }) =>
      edit(project, `link ${parent} to ${child}`, folder =>
        linkBlocks(folder, parent, child, new Map(Object.entries(use ?? {}))),
      ),
    unlink: ({ project, parent, child }) =>
      edit(project, `unlink ${parent} from ${child}`, folder => unlinkBlocks(folder, parent, child)),
    setFilter: ({ project, block, filter }) =>
      edit(project, `choose what ${block} hands on`, folder => setFilter(folder, block, filter)),
    undo: ({ project }) =>
      host.inTurn(project, () => {
        host.history(project).undo();
        return Promise.resolve({});
      }),
    redo: ({ project }) =>
      host.inTurn(project, () => {
        host.history(project).redo();
        return Promise.resolve({});
      }),
  };
}
