/** Draws blocks into an open notebook: a rail along their cells, a header above them, and marks on cells that changed. */
import { MarkdownCell, type Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { PanelLayout, Widget } from '@lumino/widgets';
import type { Settings } from '../settings.js';
import { stateGlyph, stateWord } from '../stateGlyph.js';
import { reasonsOf } from '../words.js';
import { barText, statusText, type BarFacts } from './barText.js';
import { BlockBar } from './blockBar.js';
import { ConflictBar } from './conflictBar.js';
import { openConflicts, type OpenConflict } from './conflicts.js';
import type { OpenNotebook, ShownBlock } from './openNotebook.js';

export interface DrawingOptions {
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  readonly settings: Settings;
  /** A person has chosen between two versions. */
  readonly chosen: () => void;
}

const CELL = 'dagpy-cell';
const HEADER = 'dagpy-mod-header';
const FIRST = 'dagpy-mod-first';
const LAST = 'dagpy-mod-last';
const CHANGED = 'dagpy-mod-changed';
const OLD = 'dagpy-mod-beforeEdit';

export class Drawing {
  private readonly bars = new Map<string, BlockBar>();
  private readonly marks = new Map<string, Widget>();
  private readonly choices = new Map<string, ConflictBar>();
  private clock: ReturnType<typeof setInterval> | undefined;
  private trouble = '';

  constructor(
    private readonly notebook: OpenNotebook,
    private readonly options: DrawingOptions,
  ) {
    notebook.changed.connect(this.draw, this);
    options.settings.changed.connect(this.draw, this);
    this.draw();
  }

  /** Why the blocks are not up to date with what was saved, in words; empty: they are. */
  setTrouble(trouble: string): void {
    if (this.trouble === trouble) return;
    this.trouble = trouble;
    this.draw();
  }

  dispose(): void {
    this.notebook.changed.disconnect(this.draw, this);
    this.options.settings.changed.disconnect(this.draw, this);
    clearInterval(this.clock);
    for (const widget of [...this.bars.values(), ...this.marks.values(), ...this.choices.values()])
      widget.dispose();
    const { panel } = this.notebook;
    if (!panel.isDisposed) for (const cell of panel.content.widgets) undress(cell);
  }

  private draw(): void {
    const { notebook } = this;
    const { widgets } = notebook.panel.content;
    // Between two versions one has to choose, whatever else is shown.
    this.placeChoices();
    const { showBlockHeaders: isShown } = this.options.settings.values;
    const changed = isShown ? this.changedCells() : new Map<string, string>();
    const firsts = new Map<string, Cell>();
    widgets.forEach((cell, at) => {
      const block = isShown ? notebook.blockOf(cell.model.id) : undefined;
      if (block === undefined) {
        undress(cell);
        return;
      }
      if (!firsts.has(block.key)) firsts.set(block.key, cell);
      const next = widgets[at + 1];
      const isLast = next === undefined || notebook.blockOf(next.model.id)?.key !== block.key;
      dress(cell, block, firsts.get(block.key) === cell, isLast);
      this.markCell(cell, changed.get(cell.model.id));
    });
    this.placeBars(isShown ? notebook.shown : [], firsts);
    for (const [id, mark] of this.marks)
      if (mark.isDisposed || !changed.has(id)) {
        mark.dispose();
        this.marks.delete(id);
      }
    this.tick();
  }

  /** Cells whose code is another than that which made what is shown, and why. */
  private changedCells(): ReadonlyMap<string, string> {
    const { notebook } = this;
    const { trans } = this.options;
    const found = new Map<string, string>();
    for (const { view, cells } of notebook.shown) {
      for (const place of view?.changedCells ?? []) {
        const id = notebook.cellAt(view!.id, null, place);
        if (id !== undefined) found.set(id, trans.__('This cell changed since the block ran'));
      }
      for (const id of cells) if (notebook.isEdited(id)) found.set(id, trans.__('Edited, not saved'));
    }
    return found;
  }

  private markCell(cell: Cell, reason: string | undefined): void {
    const { id } = cell.model;
    const code = this.notebook.codeCell(id);
    cell.toggleClass(CHANGED, reason !== undefined);
    const isOld =
      reason !== undefined &&
      code !== undefined &&
      code.outputs.length > 0 &&
      code.executionState !== 'running';
    cell.toggleClass(OLD, isOld);
    if (isOld) cell.node.dataset['dagpyNote'] = this.options.trans.__('from before the edit');
    else delete cell.node.dataset['dagpyNote'];
    if (reason === undefined) return;
    let mark = this.marks.get(id);
    if (mark === undefined || mark.isDisposed) {
      mark = new Widget();
      mark.addClass('dagpy-mark');
      mark.node.setAttribute('role', 'img');
      mark.node.innerHTML = stateGlyph('stale', 12);
      this.marks.set(id, mark);
    }
    mark.node.title = reason;
    mark.node.setAttribute('aria-label', reason);
    attach(cell, mark);
  }

  private placeBars(shown: readonly ShownBlock[], firsts: ReadonlyMap<string, Cell>): void {
    const { notebook } = this;
    const there = new Set<string>();
    for (const block of shown) {
      const host =
        block.header === null
          ? firsts.get(block.key)
          : notebook.panel.content.widgets.find(({ model }) => model.id === block.header);
      if (host === undefined) continue;
      there.add(block.key);
      let bar = this.bars.get(block.key);
      if (bar === undefined || bar.isDisposed) {
        bar = this.makeBar(block.header);
        this.bars.set(block.key, bar);
      }
      bar.draw(block, barText(this.factsOf(block), this.options.trans));
      attach(host, bar);
    }
    for (const [key, bar] of this.bars)
      if (!there.has(key)) {
        bar.dispose();
        this.bars.delete(key);
      }
  }

  private makeBar(header: string | null): BlockBar {
    const { notebook } = this;
    const { commands, trans } = this.options;
    const edit = (): void => {
      const { content } = notebook.panel;
      const at = content.widgets.findIndex(({ model }) => model.id === header);
      const cell = content.widgets[at];
      if (!(cell instanceof MarkdownCell)) return;
      content.activeCellIndex = at;
      cell.rendered = false;
      content.mode = 'edit';
    };
    return new BlockBar({
      commands,
      trans,
      project: notebook.project.path,
      ...(header === null ? {} : { edit }),
    });
  }

  private placeChoices(): void {
    const { notebook } = this;
    const conflicts = openConflicts(notebook.model);
    const there = new Set(conflicts.map(({ theirs }) => theirs));
    for (const conflict of conflicts) {
      const host = notebook.panel.content.widgets.find(({ model }) => model.id === conflict.theirs);
      if (host === undefined) continue;
      let bar = this.choices.get(conflict.theirs);
      if (bar === undefined || bar.isDisposed) {
        bar = this.makeChoice(conflict);
        this.choices.set(conflict.theirs, bar);
      }
      attach(host, bar);
    }
    for (const [id, bar] of this.choices)
      if (!there.has(id)) {
        bar.dispose();
        this.choices.delete(id);
      }
  }

  private makeChoice(conflict: OpenConflict): ConflictBar {
    const { trans, chosen } = this.options;
    return new ConflictBar(this.notebook.model, conflict, chosen, trans);
  }

  private factsOf(block: ShownBlock): BarFacts {
    const { notebook } = this;
    return {
      project: notebook.project.view,
      block,
      isEdited: block.cells.some(id => notebook.isEdited(id)),
      trouble: this.trouble,
      now: Date.now(),
    };
  }

  /** A clock in the header of each block that runs; none where nothing does. */
  private tick(): void {
    const isRunning = this.notebook.shown.some(({ view }) => view?.state === 'running');
    if (!isRunning) {
      clearInterval(this.clock);
      this.clock = undefined;
      return;
    }
    this.clock ??= setInterval(() => {
      for (const block of this.notebook.shown) {
        const bar = this.bars.get(block.key);
        if (block.view?.state !== 'running' || bar === undefined || bar.isDisposed) continue;
        bar.setStatus(
          statusText(this.factsOf(block), this.options.trans),
          reasonsOf(block.view).join('\n') || stateWord(block.view.state, this.options.trans),
        );
      }
    }, 1000);
  }
}

/** At the top of a cell, wherever it is drawn: cells out of sight are detached with it and come back with it. */
function attach(cell: Cell, widget: Widget): void {
  if (widget.parent === cell || !(cell.layout instanceof PanelLayout)) return;
  cell.layout.insertWidget(0, widget);
}

function dress(cell: Cell, block: ShownBlock, isFirst: boolean, isLast: boolean): void {
  cell.addClass(CELL);
  cell.toggleClass(HEADER, block.header === cell.model.id);
  cell.toggleClass(FIRST, isFirst);
  cell.toggleClass(LAST, isLast);
  const { dataset } = cell.node;
  const state = block.view?.state ?? 'never';
  if (dataset['dagpyBlock'] !== block.name) dataset['dagpyBlock'] = block.name;
  if (dataset['dagpyState'] !== state) dataset['dagpyState'] = state;
}

function undress(cell: Cell): void {
  if (!cell.hasClass(CELL)) return;
  for (const name of [CELL, HEADER, FIRST, LAST, CHANGED, OLD]) cell.removeClass(name);
  delete cell.node.dataset['dagpyBlock'];
  delete cell.node.dataset['dagpyState'];
  delete cell.node.dataset['dagpyNote'];
}
