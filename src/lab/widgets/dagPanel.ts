/** The DAG of one project: the picture, what hangs at it, what is said where there is none. */
import { Notification } from '@jupyterlab/apputils';
import { ReactiveToolbar } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget, PanelLayout } from '@lumino/widgets';
import type { Direction } from '../../dagLayout/index.js';
import { CommandIds } from '../commandIds.js';
import { DagView } from '../dagDraw/dagView.js';
import { edgeText, nodeLabel, remarkText, verdictText } from '../dagDraw/dagWords.js';
import type { LinkVerdict, PanelEdge } from '../dagDraw/graph.js';
import { fittingDirection } from '../dagDraw/keys.js';
import { search } from '../dagDraw/search.js';
import type { DagPanelContext } from '../dagPanel/context.js';
import { download, svgOf } from '../dagPanel/exportSvg.js';
import { showKeys } from '../dagPanel/help.js';
import { Keyboard } from '../dagPanel/keyboard.js';
import { DagMessages } from '../dagPanel/messages.js';
import { DagPopover } from '../dagPanel/popover.js';
import { SearchField } from '../dagPanel/searchField.js';
import { dressToolbar, ZoomButtons } from '../dagPanel/toolbar.js';
import { runEndText } from '../dagPanel/runEnd.js';
import { selectedIn } from '../selection.js';
import type { IProjectModel } from '../tokens.js';

const POINTED_MILLISECONDS = 600;
const LEFT_MILLISECONDS = 250;

let panels = 0;

export class DagPanel extends Widget {
  readonly toolbar = new ReactiveToolbar();
  private readonly view;
  private readonly keyboard;
  private readonly messages;
  private readonly popover;
  private readonly search;
  private readonly status = document.createElement('div');
  private readonly hint = document.createElement('div');
  private _project: IProjectModel | null = null;
  private turned: Direction | null = null;
  private found: readonly string[] | null = null;
  private lastRun: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
  /** What the popover hangs at. */
  private hangsAt: DOMRect | null = null;
  /** It grows when it is told what would run. */
  private readonly growth = new ResizeObserver(() => this.place());
  /** It was asked for, so it stays until it is left. */
  private isPinned = false;

  constructor(private readonly context: DagPanelContext) {
    super();
    const { commands, projects, selection, trans } = context;
    this.id = `dagpy-dag-${String((panels += 1))}`;
    this.addClass('dagpy-dag-panel');
    this.view = this.makeView();
    this.messages = new DagMessages(context);
    this.popover = new DagPopover(context);
    this.search = new SearchField(trans, {
      onQuery: query => this.find(query),
      onNext: step => this.goToFound(step),
      onLeave: () => this.view.focus(),
    });
    this.keyboard = new Keyboard({
      view: this.view,
      commands,
      selection,
      trans,
      project: () => this._project,
      selected: () => this.selected,
      say: text => this.say(text),
      hint: text => this.showHint(text),
      explain: id => this.explain(id),
      close: () => this.leave(),
      search: () => this.search.focus(),
      showKeys: () => void showKeys(trans),
    });
    this.status.className = 'dagpy-dag-status';
    this.status.setAttribute('role', 'status');
    this.hint.className = 'dagpy-dag-hint';
    this.hint.hidden = true;
    const layout = new PanelLayout();
    this.layout = layout;
    this.node.append(this.view.element, this.hint, this.status);
    layout.addWidget(new ZoomButtons(commands, this.id));
    // Not in the toolbar, which puts away what finds no room: a key leads here.
    layout.addWidget(this.search);
    layout.addWidget(this.messages);
    layout.addWidget(this.popover);
    this.growth.observe(this.popover.node);
    dressToolbar(this.toolbar, commands, this.id);
    selection.changed.connect(this.takeSelection, this);
    projects.connection.changed.connect(this.later, this);
    this.node.addEventListener('keydown', event => {
      const isInPicture = event.target instanceof Element && this.view.element.contains(event.target);
      const isLeaving = event.key === 'Escape' && this.leave();
      if (!isLeaving && (!isInPicture || !this.keyboard.press(event))) return;
      event.preventDefault();
      event.stopPropagation();
      if (isLeaving) this.view.focus();
    });
    this.popover.node.addEventListener('pointerenter', () => clearTimeout(this.timer));
    this.popover.node.addEventListener('pointerleave', () => this.leaveSoon());
    this.redraw();
  }

  get project(): IProjectModel | null {
    return this._project;
  }

  /** @param isLooking which project it is is not known yet */
  setProject(project: IProjectModel | null, isLooking = false): void {
    if (project !== this._project) {
      this._project?.changed.disconnect(this.later, this);
      this._project = project;
      this.lastRun = project?.view?.lastRun?.run ?? null;
      project?.changed.connect(this.later, this);
    }
    this.messages.present(project, isLooking);
    this.redraw();
  }

  get direction(): Direction {
    const { width, height } = this.view.viewport;
    return this.turned ?? this.context.direction() ?? fittingDirection(width, height);
  }

  turn(): void {
    this.turned = this.direction === 'down' ? 'right' : 'down';
    this.redraw();
  }

  showAll(): void {
    this.view.fit();
  }

  zoomBy(factor: number): void {
    this.view.zoomBy(factor);
  }

  focusSearch(): void {
    this.search.focus();
  }

  exportSvg(): void {
    const view = this._project?.view ?? null;
    if (view !== null) download(svgOf(view, this.direction), `${view.name || 'dag'}.svg`);
  }

  /** Draws again what follows the person's settings. */
  refresh(): void {
    this.redraw();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.growth.disconnect();
    this.context.selection.changed.disconnect(this.takeSelection, this);
    this.context.projects.connection.changed.disconnect(this.later, this);
    this._project?.changed.disconnect(this.later, this);
    this._project = null;
    this.view.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.redraw();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.measure();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // Whatever holds it has given it a name of its own.
    const { trans } = this.context;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('DAG'));
    this.toolbar.node.setAttribute('aria-label', trans.__('DAG toolbar'));
    requestAnimationFrame(() => this.measure());
  }

  protected override onActivateRequest(): void {
    this.view.focus();
    if (!this.node.contains(document.activeElement)) this.node.querySelector('button')?.focus();
  }

  private makeView(): DagView {
    const { commands, selection, trans } = this.context;
    const execute = (command: string, args: Readonly<Record<string, string>>): void => {
      const project = this._project;
      if (project !== null && commands.hasCommand(command))
        void commands.execute(command, { project: project.path, ...args });
    };
    return new DagView(
      {
        list: trans.__('Blocks of the DAG'),
        remark: block => remarkText(block, trans),
        label: (block, graph) => nodeLabel(block, graph, trans),
        edge: edge => edgeText(edge, trans),
      },
      {
        onSelect: ids => {
          if (this._project !== null) selection.select(this._project, ids);
        },
        onOpen: id => {
          this.leave();
          execute(CommandIds.openBlock, { block: id });
        },
        onPointAt: id => this.pointAt(id),
        onPointAtEdge: (edge, x, y) => this.pointAtEdge(edge, x, y),
        onSelectEdge: edge => {
          if (edge !== null) this.say(trans.__('Edge selected; Delete removes it'));
        },
        onClick: id => this.explain(id),
        onLinking: (parent, child, verdict) => this.showLinking(parent, child, verdict),
        onLink: (parent, child, verdict) => {
          this.showHint('');
          if (verdict.kind === 'possible') execute(CommandIds.linkBlocks, { parent, child });
          else this.refuse(verdict, parent, child);
        },
        onLinkingLeft: () => this.showHint(''),
        onLeave: () => this.leave(),
      },
    );
  }

  /** A run can tell a lot at once: drawn once a frame at most, and not while nobody sees it. */
  private later(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.isDisposed) return;
      this.messages.update();
      if (this.isVisible) this.redraw();
    });
  }

  private redraw(): void {
    const view = this._project?.view ?? null;
    this.view.element.hidden = view === null || view.blocks.length === 0;
    if (view === null) return;
    this.view.show(view, this.direction);
    this.takeSelection();
    this.search.refresh();
    if (this.popover.subject !== null) this.popover.update();
    const { lastRun } = view;
    if (lastRun !== null && lastRun.run !== this.lastRun) {
      this.lastRun = lastRun.run;
      this.say(runEndText(lastRun, this.context.trans));
    }
  }

  private measure(): void {
    if (this.isDisposed || !this.isVisible) return;
    const { clientWidth, clientHeight } = this.node;
    const before = this.direction;
    this.node.classList.toggle('is-narrow', clientWidth < 420 || clientHeight < 260);
    this.view.resize(clientWidth, clientHeight);
    if (before !== this.direction) this.redraw();
  }

  private get selected(): readonly string[] {
    return this._project === null ? [] : selectedIn(this.context.selection, this._project);
  }

  private takeSelection(): void {
    this.view.select(this.selected);
  }

  private find(query: string): number | null {
    const blocks = this._project?.view?.blocks ?? [];
    this.found = query.trim() === '' ? null : search(blocks, query);
    this.view.find(this.found);
    return this.found?.length ?? null;
  }

  private goToFound(step: 1 | -1): number | null {
    const { found, view, _project: project } = this;
    if (found === null || found.length === 0 || project === null) return null;
    const now = view.current === null ? -1 : found.indexOf(view.current);
    const next = now < 0 ? (step === 1 ? 0 : found.length - 1) : (now + step + found.length) % found.length;
    const id = found[next]!;
    view.goTo(id, { isFocused: false, isLegible: true });
    this.context.selection.select(project, [id]);
    return next + 1;
  }

  private say(text: string): void {
    this.status.textContent = text;
  }

  private showHint(text: string, isRefusal = false): void {
    this.hint.textContent = text;
    this.hint.hidden = text === '';
    this.hint.classList.toggle('is-refusal', isRefusal);
  }

  private showLinking(parent: string, child: string | null, verdict: LinkVerdict | null): void {
    this.leave();
    const { trans } = this.context;
    if (child === null || verdict === null)
      this.showHint(trans.__('Drop it on the block that is to read %1', parent));
    else this.showHint(verdictText(verdict, parent, child, trans), verdict.kind === 'cycle');
  }

  private refuse(verdict: LinkVerdict, parent: string, child: string): void {
    const { trans } = this.context;
    const text = verdictText(verdict, parent, child, trans);
    this.say(text);
    Notification.warning(trans.__('%1 was not linked to %2. %3', child, parent, text), { autoClose: 8000 });
  }

  private pointAt(id: string | null): void {
    if (this.isPinned) return;
    clearTimeout(this.timer);
    if (id === null) this.leaveSoon();
    else this.timer = setTimeout(() => this.hang(id), POINTED_MILLISECONDS);
  }

  private pointAtEdge(edge: PanelEdge | null, x: number, y: number): void {
    const { graph } = this.view;
    if (edge === null || graph === null || this.isPinned) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.popover.present({ kind: 'edge', edge, graph });
      this.hangsAt = new DOMRect(x, y, 1, 1);
      void this.popover.renderPromise?.then(() => this.place());
    }, POINTED_MILLISECONDS / 2);
  }

  private explain(id: string): void {
    clearTimeout(this.timer);
    this.hang(id);
    this.isPinned = true;
  }

  private hang(id: string): void {
    const { graph } = this.view;
    const rectangle = this.view.rectangleOf(id);
    if (graph === null || rectangle === null || this._project === null) return;
    this.popover.present({ kind: 'block', project: this._project, id, graph });
    this.hangsAt = rectangle;
    void this.popover.renderPromise?.then(() => this.place());
  }

  /** Beside what it belongs to, and within the panel. */
  private place(): void {
    const { hangsAt: beside } = this;
    if (beside === null || this.isDisposed) return;
    const { node } = this.popover;
    // Where it was last it may have had less room.
    node.style.left = '0';
    node.style.top = '0';
    const panel = this.node.getBoundingClientRect();
    const [width, height] = [node.offsetWidth, node.offsetHeight];
    const right = beside.right - panel.left + 10;
    const left = beside.left - panel.left - width - 10;
    const x = right + width <= panel.width || left < 0 ? right : left;
    const y = beside.top - panel.top;
    node.style.left = `${String(Math.max(4, Math.min(x, panel.width - width - 4)))}px`;
    const lowest = panel.height - height - 4;
    const isOver = x !== left && right + width > panel.width;
    node.style.top = `${String(Math.max(4, Math.min(isOver ? y + beside.height + 8 : y, lowest)))}px`;
  }

  private leaveSoon(): void {
    if (this.isPinned) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.leave(), LEFT_MILLISECONDS);
  }

  /** @returns whether something hung there */
  private leave(): boolean {
    clearTimeout(this.timer);
    this.isPinned = false;
    const isShown = this.popover.subject !== null;
    if (isShown) this.popover.present(null);
    return isShown;
  }
}
