/** Above the other version of a cell that two people changed: where it comes from, and which one to keep. */
import type { INotebookModel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { compareVersions } from './compare.js';
import { choose, type Choice, type OpenConflict } from './conflicts.js';

export class ConflictBar extends Widget {
  constructor(model: INotebookModel, conflict: OpenConflict, chosen: () => void, trans: TranslationBundle) {
    super();
    this.addClass('dagpy-conflict');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', trans.__('Two versions of one cell'));
    const text = document.createElement('span');
    text.textContent = trans.__('The cell above was also changed elsewhere. This is the other version.');
    this.node.append(text);
    this.addButton('compare', trans.__('Compare…'), () => {
      void compareVersions(model, conflict, trans).then(isChosen => {
        if (isChosen) chosen();
      });
    });
    const choices: readonly (readonly [Choice, string])[] = [
      ['mine', trans.__('Keep mine')],
      ['theirs', trans.__('Take this one')],
      ['both', trans.__('Keep both')],
    ];
    for (const [choice, label] of choices)
      this.addButton(choice, label, () => {
        choose(model, conflict, choice);
        chosen();
      });
  }

  private addButton(name: string, label: string, act: () => void): void {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'dagpy-conflict-button jp-mod-styled';
    button.dataset['choice'] = name;
    button.textContent = label;
    // The notebook would take the focus away from it.
    button.addEventListener('mousedown', event => event.stopPropagation());
    button.addEventListener('click', act);
    this.node.append(button);
  }
}
