/** What a run would do, before it does it. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import { bytes } from '../../protocol/amounts.js';
import type { PreviewAnswer, TargetView } from '../../protocol/resident/calls.js';
import type { Settings } from '../settings.js';
import type { IProjectModel } from '../tokens.js';
import { StateGlyph } from '../widgets/stateGlyph.js';
import { about, listing } from '../words.js';

export interface PreviewContext {
  readonly settings: Settings;
  readonly trans: TranslationBundle;
}

/** @returns whether to run. */
export async function confirmRun(
  { settings, trans }: PreviewContext,
  project: IProjectModel,
  target: TargetView,
  force: boolean,
  ask: 'always' | 'settings',
): Promise<boolean> {
  const { confirmRun: when, confirmAbove } = settings.values;
  if (ask === 'settings' && when === 'never') return true;
  const preview = await project.call('preview', { target, force });
  const count = preview.runs.length + preview.mayRun.length;
  if (ask === 'settings' && when === 'many' && count <= confirmAbove) return true;
  const isNothing = count === 0 && preview.restored.length === 0;
  const { button } = await showDialog({
    title: titleOf(target, trans),
    body: <PreviewBody project={project} preview={preview} trans={trans} />,
    buttons: isNothing
      ? [Dialog.okButton({ label: trans.__('Close') })]
      : [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Run') })],
  });
  return button.accept && !isNothing;
}

function titleOf(target: TargetView, trans: TranslationBundle): string {
  switch (target.kind) {
    case 'affected':
      return trans.__('Run affected');
    case 'all':
      return trans.__('Run all blocks');
    case 'ids':
      return trans.__('Run %1', listing(target.selectors, trans));
  }
}

/** `Up to 3 blocks will run, 6 are kept, about 9 s.` */
export function previewText(preview: PreviewAnswer, trans: TranslationBundle): string {
  const { runs, mayRun, restored, kept, seconds } = preview;
  const most = runs.length + mayRun.length;
  if (most === 0 && restored.length === 0) return trans.__('Everything is fresh: nothing has to run.');
  const parts = [
    most === 0
      ? trans.__('Nothing has to run')
      : mayRun.length === 0
        ? trans._n('%1 block will run', '%1 blocks will run', most)
        : trans._n('Up to %1 block will run', 'Up to %1 blocks will run', most),
    restored.length === 0 ? '' : trans._n('%1 is restored', '%1 are restored', restored.length),
    kept.length === 0 ? '' : trans._n('%1 is kept', '%1 are kept', kept.length),
    seconds === null || most === 0 ? '' : about(seconds, trans),
  ];
  return `${parts.filter(part => part !== '').join(', ')}.`;
}

const LISTED = 200;

const PreviewBody = ({
  project,
  preview,
  trans,
}: {
  readonly project: IProjectModel;
  readonly preview: PreviewAnswer;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const { planned, mayRun, restored, peakBytes, notes } = preview;
  const may = new Set(mayRun);
  return (
    <div className="dagpy-Preview">
      <p className="dagpy-Preview-summary">{previewText(preview, trans)}</p>
      {planned.length > 0 && (
        <ul className="dagpy-Preview-list" tabIndex={0} aria-label={trans.__('Blocks that run')}>
          {planned.slice(0, LISTED).map(({ block, reasons, replays }) => (
            <li key={block} data-preview={block}>
              <StateGlyph state={may.has(block) ? 'affected' : (project.block(block)?.state ?? 'stale')} />
              <span className="dagpy-Preview-name">{block}</span>
              <span className="dagpy-Preview-reasons">
                {[
                  ...new Set(reasons.map(({ detail }) => detail)),
                  ...(may.has(block) ? [trans.__('only if its inputs come out different')] : []),
                  ...(replays.length === 0
                    ? []
                    : [trans.__('runs %1 again in its process', listing(replays, trans))]),
                ].join(' · ')}
              </span>
            </li>
          ))}
          {planned.length > LISTED && <li>{trans.__('and %1 more', planned.length - LISTED)}</li>}
        </ul>
      )}
      {restored.length > 0 && (
        <p className="dagpy-Preview-note">{trans.__('Restored: %1', listing(restored, trans, 8))}</p>
      )}
      {peakBytes !== null && peakBytes > 1e9 && (
        <p className="dagpy-Preview-note">{trans.__('Needs about %1 of memory at most', bytes(peakBytes))}</p>
      )}
      {notes.map(note => (
        <p key={note} className="dagpy-Preview-note">
          {note}
        </p>
      ))}
    </div>
  );
};
