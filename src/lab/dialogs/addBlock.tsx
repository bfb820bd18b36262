/** The dialog that makes a block: its name, what it needs and what it hands on, suggested from the code. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import { bytes } from '../../protocol/amounts.js';
import type { Suggestion } from '../../protocol/resident/calls.js';
import type { FilterView, ParentView } from '../../protocol/resident/view.js';
import type { BlockToAdd } from '../flowTokens.js';
import type { IProjectModel } from '../tokens.js';
import { listing } from '../words.js';
import { nameTrouble } from './blockName.js';
import { FilterField } from './filterField.js';
import { showForm } from './form.js';
import { NameField } from './nameField.js';

export interface AddBlockQuestion {
  readonly project: IProjectModel;
  readonly suggestion: Suggestion;
  /** What the block is made from, in words. */
  readonly from: string;
}

/** @returns `null`: cancelled */
export function askBlock(
  { project, suggestion, from }: AddBlockQuestion,
  trans: TranslationBundle,
): Promise<BlockToAdd | null> {
  const Body = ({ change }: { readonly change: (block: BlockToAdd | null) => void }): ReactElement => {
    const [name, setName] = useState(suggestion.name);
    const [parents, setParents] = useState<readonly string[]>(suggestion.parents.map(({ block }) => block));
    const [filter, setFilter] = useState<FilterView | null>({ kind: 'auto' });
    const trouble = nameTrouble(name, project, trans);
    useEffect(
      () =>
        change(
          trouble === '' && filter !== null
            ? { id: name, parents: parentsChosen(suggestion, parents), filter }
            : null,
        ),
      [change, name, trouble, parents, filter],
    );
    return (
      <>
        <p className="dagpy-Hint">{from}</p>
        <NameField name={name} trouble={trouble} change={setName} trans={trans} />
        <ParentsField
          project={project}
          suggestion={suggestion}
          parents={parents}
          change={setParents}
          trans={trans}
        />
        <FilterField
          value={{ kind: 'auto' }}
          variables={suggestion.makes.map(({ name: variable, type }) => ({
            name: variable,
            type,
            bytes: null,
            readers: [],
            remark: '',
          }))}
          change={setFilter}
          trans={trans}
        />
      </>
    );
  };
  return showForm(trans.__('Add block'), Body, trans.__('Add'), trans, 'input[name=name]');
}

/** `null` where they are what the code asks for: then they are found again from the code as it is when it is added. */
function parentsChosen(
  { parents: suggested }: Suggestion,
  chosen: readonly string[],
): readonly ParentView[] | null {
  const isSuggested =
    suggested.length === chosen.length && suggested.every(({ block }) => chosen.includes(block));
  return isSuggested && suggested.length > 0 ? null : chosen.map(block => ({ block, use: null }));
}

const ParentsField = ({
  project,
  suggestion,
  parents,
  change,
  trans,
}: {
  readonly project: IProjectModel;
  readonly suggestion: Suggestion;
  readonly parents: readonly string[];
  readonly change: (parents: readonly string[]) => void;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const [typed, setTyped] = useState('');
  const crossing = new Map(suggestion.parents.map(({ block, variables }) => [block, variables]));
  const offered = [...new Set([...suggestion.parents.map(({ block }) => block), ...parents])];
  const others = (project.view?.blocks ?? []).map(({ id }) => id).filter(id => !offered.includes(id));
  const trouble = typed === '' || others.some(id => id.startsWith(typed)) ? '' : trans.__('No such block.');
  const add = (id: string): void => {
    if (!others.includes(id)) return setTyped(id);
    setTyped('');
    change([...parents, id]);
  };
  return (
    <fieldset className="dagpy-Field">
      <legend>{trans.__('Needs')}</legend>
      {offered.length === 0 && (
        <div className="dagpy-Hint">{trans.__('Nothing that other blocks make.')}</div>
      )}
      {offered.map(id => (
        <label key={id} className="dagpy-Variable">
          <input
            type="checkbox"
            data-parent={id}
            checked={parents.includes(id)}
            onChange={({ target }) =>
              change(target.checked ? [...parents, id] : parents.filter(parent => parent !== id))
            }
          />
          <span>{id}</span>
          <span className="dagpy-Variable-facts">
            {(crossing.get(id) ?? []).map(variable => (
              <code key={variable.name} title={factsOf(variable)}>
                {variable.name}
              </code>
            ))}
          </span>
        </label>
      ))}
      {suggestion.missing.length > 0 && (
        <div className="dagpy-Hint">
          {trans.__('Made by no block of the project: %1', listing(suggestion.missing, trans, 6))}
        </div>
      )}
      {others.length > 0 && (
        <label className="dagpy-Field">
          <span>{trans.__('Another block')}</span>
          <input
            type="text"
            className="jp-mod-styled"
            list="dagpy-other-blocks"
            value={typed}
            spellCheck={false}
            aria-invalid={trouble !== ''}
            onChange={({ target }) => add(target.value)}
          />
          <datalist id="dagpy-other-blocks">
            {others.slice(0, 200).map(id => (
              <option key={id} value={id} />
            ))}
          </datalist>
          <span className="dagpy-Trouble" role="alert">
            {trouble}
          </span>
        </label>
      )}
    </fieldset>
  );
};

const factsOf = (variable: Suggestion['parents'][number]['variables'][number]): string =>
  [variable.type ?? '', variable.bytes === null ? '' : bytes(variable.bytes)]
    .filter(fact => fact !== '')
    .join(', ');
