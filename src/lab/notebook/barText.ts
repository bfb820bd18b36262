/** What the header of a block says. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { BlockState } from '../../protocol/states.js';
import type { BlockView, ProjectView } from '../../protocol/resident/view.js';
import { clock, duration, listing, reasonsOf, reasonText } from '../words.js';
import type { ShownBlock } from './openNotebook.js';

export interface Chip {
  readonly label: string;
  readonly title: string;
}

export interface BarText {
  readonly state: BlockState;
  readonly chips: readonly Chip[];
  /** How it stands, in words. */
  readonly status: string;
  /** All reasons, one a line. */
  readonly details: string;
  /** What a person wrote below the header. */
  readonly remarks: string;
  readonly isEdited: boolean;
}

export interface BarFacts {
  readonly project: ProjectView | null;
  readonly block: ShownBlock;
  /** Code of its cells differs from what is saved. */
  readonly isEdited: boolean;
  readonly trouble: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function barText(facts: BarFacts, trans: TranslationBundle): BarText {
  const { block, project, isEdited } = facts;
  const { view } = block;
  const text = block.section.header?.text;
  return {
    // A block that nobody has saved never ran.
    state: view?.state ?? 'never',
    chips: view === null ? [] : [...needs(view, project, trans), ...gives(view, trans)],
    status: statusText(facts, trans),
    details: view === null ? '' : [...reasonsOf(view), view.failure?.remedy ?? ''].filter(Boolean).join('\n'),
    remarks: [
      ...(text?.isDisputed === true ? [trans.__('Changed here and in dag.json: see the source')] : []),
      ...(text?.rest ?? []),
    ].join('\n'),
    isEdited,
  };
}

export function statusText(
  { block: { view, isNew }, isEdited, trouble, now }: BarFacts,
  trans: TranslationBundle,
): string {
  if (view === null)
    return isNew ? trans.__('a new block, made when you save') : trans.__('not in the project any more');
  if (trouble !== '') return trouble;
  const { state, progress } = view;
  if (state === 'running' && progress !== null)
    return trans.__('%1 · %2', reasonText(view, trans), clock((now - progress.since) / 1000));
  if (isEdited && state !== 'queued') return trans.__('edited, not saved');
  if (state !== 'fresh') return reasonText(view, trans);
  // Quiet when all is well: how long it took says that it ran.
  const took = view.seconds === null ? '' : duration(view.seconds, trans);
  if (view.isLocal || view.lastRun === 'restored') return reasonText(view, trans);
  return took;
}

function needs(view: BlockView, project: ProjectView | null, trans: TranslationBundle): readonly Chip[] {
  const parents = view.parents.map(({ block }) => {
    const edge = project?.edges.find(({ from, to }) => from === block && to === view.id);
    return { block, names: edge?.variables.map(({ as }) => as) ?? [] };
  });
  if (parents.length === 0) return [];
  const words = parents.map(({ block, names }) =>
    names.length === 0 ? block : trans.__('%1 · %2', block, listing(names, trans)),
  );
  const label =
    words.length > 2
      ? trans.__(
          'needs %1',
          listing(
            parents.map(({ block }) => block),
            trans,
          ),
        )
      : trans.__('needs %1', words.join(', '));
  return [{ label, title: words.join('\n') }];
}

function gives(view: BlockView, trans: TranslationBundle): readonly Chip[] {
  const names = view.exports.map(({ name }) => name);
  const { filter } = view;
  if (filter.kind === 'off')
    return [{ label: trans.__('gives its session'), title: trans.__('All that it holds when it ends') }];
  const said = names.length > 0 || filter.kind !== 'names' ? names : filter.patterns;
  if (said.length === 0) return [];
  return [
    {
      label: trans.__('gives %1', said.length > 3 ? listing(said, trans, 2) : said.join(', ')),
      title: said.join('\n'),
    },
  ];
}
