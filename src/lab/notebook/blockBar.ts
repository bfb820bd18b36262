/** The header of a block in a notebook: its name, what it needs and gives, how it stands, and what can be done with it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, MenuSvg, runIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { CommandIds } from '../commandIds.js';
import { stateGlyph } from '../stateGlyph.js';
import { blockLabel } from '../words.js';
import type { BarText } from './barText.js';
import type { ShownBlock } from './openNotebook.js';

export interface BarOptions {
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** Of the project, for `args` of commands. */
  readonly project: string;
  /** Shows the source of the header; absent: the notebook has no header cell. */
  readonly edit?: () => void;
}

const MENU = [
  [CommandIds.runBlock, CommandIds.runUpstream, CommandIds.runDownstream, CommandIds.runOnly],
  [CommandIds.openBlock, CommandIds.branch, CommandIds.setFilter, CommandIds.explain],
  [CommandIds.loadResults, CommandIds.adopt],
];

export class BlockBar extends Widget {
  private block: ShownBlock | undefined;
  private drawn = '';
  private readonly glyph = element('span', 'dagpy-bar-glyph');
  private readonly name = element('span', 'dagpy-bar-name');
  private readonly chips = element('span', 'dagpy-bar-chips');
  private readonly status = element('button', 'dagpy-bar-status');
  private readonly run: HTMLButtonElement;
  private readonly more: HTMLButtonElement;
  private readonly rest = element('div', 'dagpy-bar-rest');

  constructor(private readonly options: BarOptions) {
    super();
    this.addClass('dagpy-bar');
    const { trans } = options;
    this.run = iconButton(runIcon, trans.__('Run this block'));
    this.more = iconButton(caretDownIcon, trans.__('What to do with this block'));
    this.more.setAttribute('aria-haspopup', 'menu');
    this.status.type = 'button';
    const line = element('div', 'dagpy-bar-line');
    line.append(this.glyph, this.name, this.chips, this.status, this.run, this.more);
    this.node.append(line, this.rest);
    this.node.setAttribute('role', 'group');
    this.run.addEventListener('click', () => this.execute(CommandIds.runBlock));
    this.more.addEventListener('click', () => this.openMenu());
    this.status.addEventListener('click', () => {
      const failed = this.block?.view?.state === 'failed';
      this.execute(failed ? CommandIds.showFailure : CommandIds.explain);
    });
    line.addEventListener('dblclick', event => {
      if (!(event.target instanceof Element) || event.target.closest('button') === null) options.edit?.();
    });
    // The notebook would take the focus away from a button that is pressed.
    for (const button of [this.run, this.more, this.status])
      for (const type of ['mousedown', 'keydown'] as const)
        button.addEventListener(type, event => {
          if (type === 'mousedown' || (event instanceof KeyboardEvent && [' ', 'Enter'].includes(event.key)))
            event.stopPropagation();
        });
  }

  draw(block: ShownBlock, text: BarText): void {
    this.block = block;
    const key = JSON.stringify([block.key, block.name, block.view === null, text]);
    if (key === this.drawn) return;
    this.drawn = key;
    const { trans } = this.options;
    const { view } = block;
    const { node } = this;
    node.dataset['block'] = block.name;
    node.dataset['state'] = text.state;
    node.classList.toggle('dagpy-mod-edited', text.isEdited);
    node.classList.toggle('dagpy-mod-absent', view === null);
    node.setAttribute(
      'aria-label',
      view === null ? trans.__('%1: %2', block.name, text.status) : blockLabel(view, trans),
    );
    this.glyph.innerHTML = stateGlyph(text.state);
    this.name.textContent = block.name;
    this.chips.replaceChildren(
      ...text.chips.map(({ label, title }) => {
        const chip = element('span', 'dagpy-bar-chip');
        chip.textContent = label;
        chip.title = title;
        return chip;
      }),
    );
    this.setStatus(text.status, text.details);
    this.rest.textContent = text.remarks;
    this.rest.hidden = text.remarks === '';
    this.run.hidden = view === null;
    this.more.hidden = view === null;
    this.status.disabled =
      view === null || (view.state !== 'failed' && !this.options.commands.hasCommand(CommandIds.explain));
  }

  /** Alone, since it changes every second while the block runs. */
  setStatus(status: string, details: string): void {
    if (this.status.textContent !== status) this.status.textContent = status;
    if (this.status.title !== details) this.status.title = details;
    this.status.hidden = status === '';
  }

  get shownBlock(): ShownBlock | undefined {
    return this.block;
  }

  private get args(): { readonly project: string; readonly block: string } {
    return { project: this.options.project, block: this.block?.view?.id ?? '' };
  }

  private execute(command: string): void {
    const { commands } = this.options;
    if (commands.hasCommand(command) && commands.isEnabled(command, this.args))
      void commands.execute(command, this.args);
  }

  private openMenu(): void {
    const { commands } = this.options;
    const menu = new MenuSvg({ commands });
    menu.addClass('dagpy-bar-menu');
    MENU.forEach((group, at) => {
      if (at > 0) menu.addItem({ type: 'separator' });
      for (const command of group)
        if (commands.hasCommand(command)) menu.addItem({ command, args: this.args });
    });
    menu.aboutToClose.connect(() => this.more.focus());
    const { left, bottom } = this.more.getBoundingClientRect();
    menu.open(left, bottom);
  }
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

function iconButton(icon: LabIcon, label: string): HTMLButtonElement {
  const button = element('button', 'dagpy-bar-button');
  button.type = 'button';
  button.title = label;
  button.setAttribute('aria-label', label);
  icon.element({ container: button, elementSize: 'normal' });
  return button;
}
