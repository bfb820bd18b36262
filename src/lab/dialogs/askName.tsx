/** A dialog that asks what a block is to be called. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState, type ReactElement } from 'react';
import type { IProjectModel } from '../tokens.js';
import { nameTrouble } from './blockName.js';
import { showForm } from './form.js';
import { NameField } from './nameField.js';

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
    return <NameField name={name} trouble={trouble} change={setName} trans={trans} />;
  };
  return showForm(title, Body, accept, trans);
}
