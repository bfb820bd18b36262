/** A dialog whose body is a form in React: its button waits until what is in it can be taken. */
import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';

/** @param submit to be called with the value, or `null` while it can not be taken */
export type FormBody<Value> = (props: { readonly change: (value: Value | null) => void }) => ReactElement;

class FormWidget<Value> extends ReactWidget implements Dialog.IBodyWidget<Value | null> {
  private value: Value | null = null;
  /** Set by the dialog around it: there is another value, or none. */
  accept: () => void = () => undefined;

  constructor(private readonly Body: FormBody<Value>) {
    super();
    this.addClass('dagpy-Form');
  }

  getValue(): Value | null {
    return this.value;
  }

  protected render(): ReactElement {
    const { Body } = this;
    return <Body change={this.change} />;
  }

  private readonly change = (value: Value | null): void => {
    this.value = value;
    this.accept();
  };
}

/** @returns `null`: cancelled */
export async function showForm<Value>(
  title: string,
  body: FormBody<Value>,
  accept: string,
  trans: TranslationBundle,
  /** Of the field that is typed in first. */
  focus = 'input',
): Promise<Value | null> {
  const form = new FormWidget(body);
  const dialog = new Dialog<Value | null>({
    title,
    body: form,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: accept })],
    focusNodeSelector: focus,
  });
  dialog.addClass('dagpy-FormDialog');
  const judge = (): void => {
    const button = dialog.node.querySelector<HTMLButtonElement>('.jp-Dialog-footer .jp-mod-accept');
    if (button !== null) button.disabled = form.getValue() === null;
  };
  form.accept = judge;
  // Lab asks the browser alone after each input whether its button can be used: this comes after it.
  dialog.node.addEventListener('input', judge);
  // Enter goes to the dialog without asking its button: it stays where there is nothing to take.
  dialog.node.addEventListener(
    'keydown',
    event => {
      const isField = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (event.key === 'Enter' && isField && form.getValue() === null) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );
  const { button, value } = await dialog.launch();
  return button.accept ? value : null;
}
