/** The field of a form in which a block gets its name. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

export const NameField = ({
  name,
  trouble,
  change,
  trans,
}: {
  readonly name: string;
  /** What is wrong with it; empty: nothing. */
  readonly trouble: string;
  readonly change: (name: string) => void;
  readonly trans: TranslationBundle;
}): ReactElement => (
  <label className="dagpy-Field">
    <span>{trans.__('Name')}</span>
    <input
      type="text"
      className="jp-mod-styled"
      name="name"
      value={name}
      spellCheck={false}
      autoComplete="off"
      aria-invalid={trouble !== ''}
      onFocus={({ target }) => target.select()}
      onChange={({ target }) => change(target.value.trim())}
    />
    <span className="dagpy-Trouble" role="alert">
      {trouble}
    </span>
  </label>
);
