/** Dialogs that ask for a name or for other blocks. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import type { IProjectModel } from '../tokens.js';
import { nameTrouble } from './blockName.js';
import { showForm } from './form.js';

/** @returns `null`: cancelled, or as it was */
export async function askName(
  project: IProjectModel,
  block: string,
  trans: TranslationBundle,
): Promise<string | null> {
  const Body = ({ change }: { readonly change: (name: string | null) => void }): ReactElement => {
    const [name, setName] = useState(block);
    const trouble = nameTrouble(name, project, trans, block);
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
  const name = await showForm(trans.__('Rename %1', block), Body, trans.__('Rename'), trans);
  return name === block ? null : name;
}

export interface Choice {
  readonly id: string;
  /** What is said of it beside its name. */
  readonly remark: string;
}

/** Chooses from a list that typing narrows down. @returns `null`: cancelled */
export function askBlocks(
  title: string,
  accept: string,
  choices: readonly Choice[],
  trans: TranslationBundle,
): Promise<readonly string[] | null> {
  const Body = ({ change }: { readonly change: (ids: readonly string[] | null) => void }): ReactElement => {
    const [typed, setTyped] = useState('');
    const [chosen, setChosen] = useState<ReadonlySet<string>>(
      new Set(choices.length === 1 ? choices.map(({ id }) => id) : []),
    );
    useEffect(() => change(chosen.size === 0 ? null : [...chosen]), [change, chosen]);
    const shown = choices.filter(({ id }) => id.toLowerCase().includes(typed.toLowerCase()));
    return (
      <>
        {choices.length > 8 && (
          <label className="dagpy-Field">
            <span>{trans.__('Find')}</span>
            <input
              type="search"
              className="jp-mod-styled"
              value={typed}
              onChange={({ target }) => setTyped(target.value)}
            />
          </label>
        )}
        <ul className="dagpy-Choices" aria-label={trans.__('Blocks')}>
          {shown.map(({ id, remark }) => (
            <li key={id}>
              <label className="dagpy-Variable">
                <input
                  type="checkbox"
                  data-choice={id}
                  checked={chosen.has(id)}
                  onChange={({ target }) => {
                    const next = new Set(chosen);
                    if (target.checked) next.add(id);
                    else next.delete(id);
                    setChosen(next);
                  }}
                />
                <span>{id}</span>
                <span className="dagpy-Variable-facts">{remark}</span>
              </label>
            </li>
          ))}
        </ul>
      </>
    );
  };
  return showForm(title, Body, accept, trans);
}
