/** A dialog that asks what a block is to be called. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import type { IProjectModel } from '../tokens.js';
import { nameTrouble } from './blockName.js';
import { showForm } from './form.js';

export interface NameQuestion {
  readonly title: string;
  /** Of the button. */
  readonly accept: string;
  /** What stands in the field first. */
  readonly start: string;
  /** The name that the block has already. */
  readonly own?: string;
}

/** @returns `null`: cancelled */
export function askName(
  { title, accept, start, own }: NameQuestion,
  project: IProjectModel,
  trans: TranslationBundle,
): Promise<string | null> {
  const Body = ({ change }: { readonly change: (name: string | null) => void }): ReactElement => {
    const [name, setName] = useState(start);
    const trouble = nameTrouble(name, project, trans, own);
    useEffect(() => change(trouble === '' ? name : null), [change, name, trouble]);
    return (
      <label className="dagpy-Field">
        <span>{trans.__('Name')}</span>
        <input
          type="text"
          className="jp-mod-styled"
          value={name}
          spellCheck={false}
          aria-invalid={trouble !== ''}
          onFocus={({ target }) => target.select()}
          onChange={({ target }) => setName(target.value.trim())}
        />
        <span className="dagpy-Trouble" role="alert">
          {trouble}
        </span>
      </label>
    );
  };
  return showForm(title, Body, accept, trans);
}
