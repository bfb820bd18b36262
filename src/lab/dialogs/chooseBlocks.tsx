/** A dialog that asks for other blocks. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import { showForm } from './form.js';

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
