/** The field that finds blocks; tells how many there are and leads from one to the next. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

export interface SearchFieldEvents {
  /** @returns how many blocks are found; `null`: nothing is looked for */
  onQuery(query: string): number | null;
  /** @param step 1 or -1 @returns place of the block that is shown, from 1; `null`: none is found */
  onNext(step: 1 | -1): number | null;
  onLeave(): void;
}

export class SearchField extends Widget {
  private readonly input = document.createElement('input');
  private readonly told = document.createElement('span');
  private found: number | null = null;

  constructor(
    private readonly trans: TranslationBundle,
    private readonly events: SearchFieldEvents,
  ) {
    super();
    this.addClass('dagpy-dag-search');
    this.input.type = 'search';
    this.input.className = 'jp-mod-styled';
    this.input.placeholder = trans.__('Search, tag:model…');
    this.input.setAttribute('aria-label', trans.__('Search blocks'));
    this.input.title = trans.__(
      'Part of a name, tag:model, state:failed, gives:df; Enter goes to the next one',
    );
    this.told.className = 'dagpy-dag-search-count';
    this.told.setAttribute('role', 'status');
    this.node.append(this.input, this.told);
    this.input.addEventListener('input', () => this.ask());
    this.input.addEventListener('keydown', event => this.press(event));
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  /** Blocks have changed. */
  refresh(): void {
    if (this.input.value !== '') this.ask();
  }

  private ask(): void {
    this.found = this.events.onQuery(this.input.value);
    this.tell(null);
  }

  private tell(place: number | null): void {
    const { found, trans } = this;
    this.told.textContent =
      found === null
        ? ''
        : found === 0
          ? trans.__('none')
          : place === null
            ? String(found)
            : trans.__('%1 of %2', place, found);
  }

  private press(event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      event.preventDefault();
      this.tell(this.events.onNext(event.shiftKey ? -1 : 1));
    } else if (event.key === 'Escape') {
      event.preventDefault();
      this.input.value = '';
      this.ask();
      this.events.onLeave();
    }
    event.stopPropagation();
  }
}
