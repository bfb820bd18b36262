/** The dialog that sets what a block hands on. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, type ReactElement } from 'react';
import type { BlockView, FilterView, ProjectView } from '../../protocol/resident/view.js';
import { FilterField, type Variable } from './filterField.js';
import { showForm } from './form.js';

/** What the block is known to have made, handed on or not. */
export function variablesOf(block: BlockView, { edges }: ProjectView): readonly Variable[] {
  const readers = (name: string): readonly string[] =>
    edges
      .filter(
        ({ from, variables }) => from === block.id && variables.some(variable => variable.name === name),
      )
      .map(({ to }) => to);
  return [
    ...block.exports.map(({ name, type, bytes }) => ({
      name,
      type,
      bytes,
      readers: readers(name),
      remark: '',
    })),
    ...block.withheld.map(({ name, type, detail }) => ({
      name,
      type,
      bytes: null,
      readers: readers(name),
      remark: detail,
    })),
  ];
}

/** @returns `null`: cancelled */
export function askFilter(
  block: BlockView,
  view: ProjectView,
  trans: TranslationBundle,
): Promise<FilterView | null> {
  const variables = variablesOf(block, view);
  const Body = ({ change }: { readonly change: (filter: FilterView | null) => void }): ReactElement => {
    useEffect(() => change(block.filter), [change]);
    return (
      <>
        {variables.length === 0 && (
          <p className="dagpy-Hint">
            {trans.__('This block has not run yet, so nothing is known of its variables.')}
          </p>
        )}
        <FilterField value={block.filter} variables={variables} change={change} trans={trans} />
      </>
    );
  };
  return showForm(
    trans.__('What %1 hands on', block.id),
    Body,
    trans.__('Set filter'),
    trans,
    'input:checked',
  );
}
