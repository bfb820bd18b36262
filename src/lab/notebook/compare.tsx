/** Two versions of a cell, side by side, with a choice. */
import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, type ReactElement } from 'react';
import { choose, type Choice, type OpenConflict } from './conflicts.js';

/** @returns whether a choice was made */
export async function compareVersions(
  model: INotebookModel,
  conflict: OpenConflict,
  trans: TranslationBundle,
): Promise<boolean> {
  const sourceOf = (id: string): string =>
    [...model.cells].find(cell => cell.id === id)?.sharedModel.getSource() ?? '';
  const [mine, theirs] = [sourceOf(conflict.mine), sourceOf(conflict.theirs)];
  const body = ReactWidget.create(
    <div className="dagpy-Compare">
      <Version title={trans.__('In this notebook')} text={mine} other={theirs} />
      <Version title={trans.__('Changed elsewhere')} text={theirs} other={mine} />
    </div>,
  );
  const choices: readonly (readonly [Choice, string])[] = [
    ['mine', trans.__('Keep mine')],
    ['theirs', trans.__('Take theirs')],
    ['both', trans.__('Keep both')],
  ];
  const { button } = await showDialog({
    title: trans.__('Two versions of one cell'),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Later') }),
      ...choices.map(([, label]) => Dialog.okButton({ label })),
    ],
    defaultButton: 0,
  });
  const choice = choices.find(([, label]) => button.accept && label === button.label)?.[0];
  if (choice === undefined || model.isDisposed) return false;
  choose(model, conflict, choice);
  return true;
}

/** Lines that the other version does not have stand out. */
const Version = ({
  title,
  text,
  other,
}: {
  readonly title: string;
  readonly text: string;
  readonly other: string;
}): ReactElement => {
  const id = useId();
  const there = new Set(other.split('\n'));
  return (
    <div>
      <div className="dagpy-Compare-title" id={id}>
        {title}
      </div>
      <pre className="dagpy-Compare-source" tabIndex={0} role="region" aria-labelledby={id}>
        {text.split('\n').map((line, at) => (
          <span key={at} className={`dagpy-Compare-line${there.has(line) ? '' : ' dagpy-mod-other'}`}>
            {line}
          </span>
        ))}
      </pre>
    </div>
  );
};
