/** What keys do to a picture and its project. */
import type { CommandRegistry } from '@lumino/commands';
import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandIds } from '../commandIds.js';
import type { DagView } from '../dagDraw/dagView.js';
import { verdictText } from '../dagDraw/dagWords.js';
import { intentOf, type KeyIntent } from '../dagDraw/keys.js';
import type { IBlockSelection, IProjectModel } from '../tokens.js';

export interface KeyboardOptions {
  readonly view: DagView;
  readonly commands: CommandRegistry;
  readonly selection: IBlockSelection;
  readonly trans: TranslationBundle;
  readonly project: () => IProjectModel | null;
  readonly selected: () => readonly string[];
  /** Tells those who hear the page. */
  readonly say: (text: string) => void;
  /** Shows a line over the picture while a link is made; empty: none. */
  readonly hint: (text: string) => void;
  readonly explain: (id: string) => void;
  /** Closes whatever hangs at a block. @returns whether something did */
  readonly close: () => boolean;
  readonly search: () => void;
  readonly showKeys: () => void;
}

export class Keyboard {
  /** Block that a link is being made from. */
  private linkFrom: string | null = null;

  constructor(private readonly options: KeyboardOptions) {}

  /** @returns whether the key was for the picture */
  press(event: KeyboardEvent): boolean {
    const intent = intentOf(event);
    const project = this.options.project();
    if (intent === null || project === null) return false;
    if (intent.kind === 'menu') return this.openMenu();
    this.act(intent, project);
    return true;
  }

  private act(intent: KeyIntent, project: IProjectModel): void {
    const { view, search, showKeys } = this.options;
    const id = view.current;
    switch (intent.kind) {
      case 'search':
        return search();
      case 'help':
        return showKeys();
      case 'fit':
        return view.fit();
      case 'zoomIn':
        return view.zoomBy(1.4);
      case 'zoomOut':
        return view.zoomBy(1 / 1.4);
      case 'actualSize':
        return view.actualSize();
      case 'undo':
        return this.run(CommandIds.undo, project);
      case 'redo':
        return this.run(CommandIds.redo, project);
      case 'add':
        return this.run(CommandIds.addBlock, project);
      case 'all':
        return this.options.selection.select(project, view.graph?.ids ?? []);
      default:
        if (id !== null) this.actOn(intent, project, id);
    }
  }

  private actOn(intent: KeyIntent, project: IProjectModel, id: string): void {
    const { view, explain } = this.options;
    switch (intent.kind) {
      case 'move': {
        const next = view.neighbour(intent.move);
        if (next === null || next === id) return;
        this.forgetEdge();
        view.goTo(next);
        if (this.linkFrom !== null) this.tellLink(this.linkFrom, next);
        else if (intent.isAdding) this.select(project, [...this.options.selected(), id, next]);
        return;
      }
      case 'toggle':
        return this.toggle(project, id);
      case 'open':
        if (this.linkFrom !== null) this.finishLink(project, id);
        else this.run(CommandIds.openBlock, project, { block: id });
        return;
      case 'run':
        this.chooseIfNone(project, id);
        return this.run(CommandIds.runBlock, project);
      case 'remove':
        return this.remove(project, id);
      case 'rename':
        return this.run(CommandIds.renameBlock, project, { block: id });
      case 'branch':
        return this.run(CommandIds.branch, project, { block: id });
      case 'explain':
        return explain(id);
      case 'link':
        return this.beginLink(project, id);
      case 'edge':
        return this.nextEdge(id);
      case 'leave':
        return this.leave(project);
      default:
    }
  }

  private select(project: IProjectModel, ids: readonly string[]): void {
    this.options.selection.select(project, [...new Set(ids)]);
  }

  private toggle(project: IProjectModel, id: string): void {
    const { trans, say } = this.options;
    const selected = this.options.selected();
    const isSelected = selected.includes(id);
    this.select(project, isSelected ? selected.filter(other => other !== id) : [...selected, id]);
    say(isSelected ? trans.__('%1 not selected', id) : trans.__('%1 selected', id));
  }

  private chooseIfNone(project: IProjectModel, id: string): void {
    if (this.options.selected().length === 0) this.select(project, [id]);
  }

  private remove(project: IProjectModel, id: string): void {
    const { view } = this.options;
    const { edge, graph } = view;
    if (edge !== null && graph !== null) {
      const [parent, child] = [graph.ids[edge.from]!, graph.ids[edge.to]!];
      this.forgetEdge();
      this.run(CommandIds.unlinkBlocks, project, { parent, child });
      return;
    }
    this.chooseIfNone(project, id);
    this.run(CommandIds.removeBlock, project);
  }

  private beginLink(project: IProjectModel, id: string): void {
    const { hint, say, trans } = this.options;
    if (project.view?.isReadOnly === true) return;
    this.linkFrom = id;
    const text = trans.__('Link from %1: go to the block that is to read it, then Enter; Escape leaves', id);
    hint(text);
    say(text);
  }

  private tellLink(parent: string, child: string): void {
    const { view, hint, say, trans } = this.options;
    const text = verdictText(view.verdict(parent, child), parent, child, trans);
    hint(text);
    say(text);
  }

  private finishLink(project: IProjectModel, child: string): void {
    const parent = this.linkFrom;
    if (parent === null) return;
    const { view } = this.options;
    if (view.verdict(parent, child).kind !== 'possible') {
      this.tellLink(parent, child);
      return;
    }
    this.linkFrom = null;
    this.options.hint('');
    this.run(CommandIds.linkBlocks, project, { parent, child });
  }

  /** Goes through the edges of a block: those that come in, then those that go out. */
  private nextEdge(id: string): void {
    const { view, say, trans } = this.options;
    const { graph, edge } = view;
    const node = graph?.nodeOf.get(id);
    if (graph === null || node === undefined) return;
    const places = [...graph.incoming[node]!, ...graph.outgoing[node]!];
    if (places.length === 0) {
      say(trans.__('%1 has no edges', id));
      return;
    }
    const now = places.findIndex(place => graph.edges[place]!.key === edge?.key);
    const next = graph.edges[places[(now + 1) % places.length]!]!;
    view.selectEdge(next);
    say(trans.__('Edge from %1 to %2; Delete removes it', graph.ids[next.from]!, graph.ids[next.to]!));
  }

  private forgetEdge(): void {
    if (this.options.view.edge !== null) this.options.view.selectEdge(null);
  }

  /** One thing at a time: the link, what hangs at a block, the edge, the selection. */
  private leave(project: IProjectModel): void {
    const { view, hint, close } = this.options;
    if (this.linkFrom !== null) {
      this.linkFrom = null;
      hint('');
    } else if (close()) return;
    else if (view.edge !== null) view.selectEdge(null);
    else this.select(project, []);
  }

  /** Where the keyboard's menu key does not tell a place. */
  private openMenu(): boolean {
    const { view, selection, project } = this.options;
    const [model, id] = [project(), view.current];
    if (id === null || model === null) return false;
    if (!this.options.selected().includes(id)) selection.select(model, [id]);
    const rectangle = view.rectangleOf(id);
    if (rectangle === null) return false;
    document.activeElement?.dispatchEvent(
      new MouseEvent('contextmenu', {
        bubbles: true,
        cancelable: true,
        clientX: rectangle.left + rectangle.width / 2,
        clientY: rectangle.bottom,
      }),
    );
    return true;
  }

  private run(command: string, project: IProjectModel, args: Readonly<Record<string, string>> = {}): void {
    const { commands } = this.options;
    const all = { project: project.path, ...args };
    if (commands.hasCommand(command) && commands.isEnabled(command, all)) void commands.execute(command, all);
  }
}
