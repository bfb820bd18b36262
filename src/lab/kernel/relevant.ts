/** Which blocks a notebook is about, and when what a kernel holds of them may be another. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { decodeFlowRecord } from '../../protocol/flow/record.js';
import type { BlockView, ProjectView } from '../../protocol/resident/view.js';

export type Subject =
  /** The notebook is the block's own. */
  | { readonly kind: 'block'; readonly block: BlockView }
  /** One notebook of several blocks; in the order of its cells. */
  | { readonly kind: 'flow'; readonly blocks: readonly BlockView[] };

/** Path in the contents manager of a file of the project. */
export const pathIn = (project: string, file: string): string =>
  project === '' ? file : `${project}/${file}`;

/** @param path of the notebook, without a drive */
export function subjectOf(view: ProjectView, path: string, panel: NotebookPanel): Subject | null {
  const block = view.blocks.find(({ notebook }) => pathIn(view.project, notebook) === path);
  if (block !== undefined) return { kind: 'block', block };
  const metadata: unknown = panel.content.model?.getMetadata('dagpy');
  if (typeof metadata !== 'object' || metadata === null || !('flow' in metadata)) return null;
  try {
    const uids = decodeFlowRecord(metadata.flow, 'flow').blocks.map(({ uid }) => uid);
    const byUid = new Map(view.blocks.map(each => [each.uid, each]));
    const blocks = uids.flatMap(uid => byUid.get(uid) ?? []);
    return blocks.length === 0 ? null : { kind: 'flow', blocks };
  } catch {
    // A flow of another version: the notebook part tells of it.
    return null;
  }
}

/** The blocks whose values come in, and those whose own values count. */
export const blocksOf = (subject: Subject): readonly BlockView[] =>
  subject.kind === 'block' ? [subject.block] : subject.blocks;

export function parentsOf(view: ProjectView, { parents }: BlockView): readonly BlockView[] {
  return parents.flatMap(({ block }) => view.blocks.find(({ id }) => id === block) ?? []);
}

/**
 * Text that changes when what the blocks give a kernel may have changed: digests of stored values, edges, filters, the
 * prelude's state. Nothing is worked out from it; it only tells when to ask.
 */
export function signatureOf(
  view: ProjectView,
  blocks: readonly BlockView[],
  what: 'inputs' | 'state',
): string {
  const prelude = view.blocks.find(({ id }) => id === view.prelude);
  const stored = ({ exports }: BlockView) => exports.map(({ name, digest }) => [name, digest]);
  return JSON.stringify([
    prelude === undefined ? null : [prelude.state, prelude.changedCells],
    blocks.map(block => [
      block.id,
      block.parents,
      parentsOf(view, block).map(parent => [
        parent.id,
        parent.filter,
        parent.state === 'fresh',
        stored(parent),
      ]),
      what === 'state' ? [block.filter, stored(block)] : null,
    ]),
  ]);
}
