/** The dialog that makes a folder a project. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import { showForm } from './form.js';

/** @returns its name; `null`: cancelled */
export function askProjectName(folder: string, trans: TranslationBundle): Promise<string | null> {
  const Body = ({ change }: { readonly change: (name: string | null) => void }): ReactElement => {
    const [name, setName] = useState(folder.split('/').pop() || trans.__('project'));
    useEffect(() => change(name.trim() === '' ? null : name.trim()), [change, name]);
    return (
      <>
        <p className="dagpy-Hint">
          {trans.__(
            'The folder %1 becomes a project: a file dag.json is made in it, which keeps its blocks. Nothing else is changed.',
            folder === '' ? '/' : folder,
          )}
        </p>
        <label className="dagpy-Field">
          <span>{trans.__('Name')}</span>
          <input
            type="text"
            className="jp-mod-styled"
            value={name}
            onFocus={({ target }) => target.select()}
            onChange={({ target }) => setName(target.value)}
          />
        </label>
      </>
    );
  };
  return showForm(trans.__('Make this folder a project'), Body, trans.__('Make project'), trans);
}
