/** The picture of one project: takes views and a selection, draws what differs, and tells what a person does to it. */
import { easeCubicOut } from 'd3';
import { LABEL_SIZE, placeLabels, type Direction, type Label } from '../../dagLayout/index.js';
import type { BlockView, ProjectView } from '../../protocol/resident/view.js';
import { change } from './change.js';
import { covers, drawnFor, nodesIn, type Drawn, type Viewport } from './detail.js';
import { drawEdges, drawLabels, type DrawnEdge } from './edges.js';
import type { DagViewEvents, DagViewWords } from './events.js';
import { FarPicture } from './farPicture.js';
import { edgeBetween, linkVerdict, type LinkVerdict, type PanelEdge, type PanelGraph } from './graph.js';
import { makeLinking } from './linking.js';
import { makeMinimap } from './minimap.js';
import { moved, type Move } from './moves.js';
import { NodeLayer, placeOf, type DrawnNode } from './nodes.js';
import { listenTo } from './pointing.js';
import { boxAround, fitting, isSamePlace, portOf, revealing, wholeOf, type Place } from './places.js';
import { addRubberBand } from './rubberBand.js';
import { SceneKeeper, type Box, type Scene } from './scene.js';
import { makeStage } from './stage.js';
import { onThemeChange } from './theme.js';
import { makeZooming } from './zooming.js';

const MOVE_MILLISECONDS = 260;
/** More than these move at once: no eye could follow. */
const MOST_ANIMATED = 400;
/** More than these are not scaled as they are: browsers measure the text of each again in every frame. */
const MOST_SCALED = 40;
/** More than these are not moved as they are, bare as they may be. */
const MOST_MOVED = 2000;
/** Names beside edges can be read. */
const LABEL_SCALE = 0.7;

export class DagView {
  readonly element = document.createElement('div');
  private readonly stage;
  private readonly zooming;
  private readonly minimap;
  private readonly far = new FarPicture();
  private readonly nodes;
  private readonly keeper = new SceneKeeper();
  private scene: Scene | null = null;
  private drawn: Drawn | null = null;
  private direction: Direction = 'down';
  private selected: ReadonlySet<string> = new Set();
  private found: ReadonlySet<string> | null = null;
  private _current: string | null = null;
  private _edge: PanelEdge | null = null;
  private pointedAt: string | null = null;
  private pointedEdge: string | null = null;
  private drawnScale = 1;
  private readonly stopFollowingTheme: () => void;
  /** Where all of it was in view last; `null`: it was not yet. */
  private whole: Place | null = null;
  private isVeiled = false;
  private labels: { readonly graph: PanelGraph; readonly labels: readonly Label[] } | null = null;
  private readonly labelOf = new Map<string, readonly [BlockView, PanelGraph, string]>();

  constructor(
    private readonly words: DagViewWords,
    private readonly events: DagViewEvents,
  ) {
    this.element.className = 'dagpy-dag-view';
    this.stage = makeStage(words.list);
    this.zooming = makeZooming({
      stage: this.stage,
      onMove: () => this.follow(),
      onRest: () => this.redraw(),
    });
    this.minimap = makeMinimap((x, y) => {
      const { scale, width, height } = this.viewport;
      this.zooming.goTo({ scale, dx: width / 2 - x * scale, dy: height / 2 - y * scale }, 0);
    });
    const linking = makeLinking({
      stage: this.stage,
      toWorld: this.zooming.toWorld,
      direction: () => this.direction,
      portOf: id => this.portOf(id),
      verdict: (parent, child) => this.verdict(parent, child),
      onHover: events.onLinking,
      onDrop: events.onLink,
      onCancel: events.onLinkingLeft,
    });
    this.nodes = new NodeLayer(this.stage.nodes, linking);
    this.stage.viewport.prepend(this.far.element);
    this.element.append(this.stage.viewport, this.minimap.element);
    addRubberBand(this.stage, this.zooming.toWorld, box => this.selectIn(box));
    this.stopFollowingTheme = onThemeChange(() => {
      this.far.forgetColours();
      this.redraw();
    });
    listenTo(this.stage, {
      edgeBetween: (from, to) => edgeBetween(this.graph, from, to),
      onClick: (id, isAdding) => this.click(id, isAdding),
      onClickGround: isAdding => {
        if (this._edge !== null) this.chooseEdge(null);
        if (this.selected.size > 0 && !isAdding) events.onSelect([]);
      },
      onClickEdge: edge => this.chooseEdge(edge),
      onOpen: events.onOpen,
      onMenu: id => {
        if (!this.selected.has(id)) events.onSelect([id]);
      },
      onPoint: (id, edge, x, y) => this.point(id, edge, x, y),
      onFocus: id => this.takeFocus(id),
      onLeave: events.onLeave,
    });
  }

  get viewport(): Viewport {
    return this.zooming.viewport;
  }

  /** Block that keys act on. */
  get current(): string | null {
    return this._current;
  }

  /** Edge that keys act on. */
  get edge(): PanelEdge | null {
    return this._edge;
  }

  get graph(): PanelGraph | null {
    return this.scene?.graph ?? null;
  }

  /** How often a layout was made. */
  get layouts(): number {
    return this.keeper.layouts;
  }

  get listElement(): SVGGElement | null {
    return this.stage.nodes.node();
  }

  verdict(parent: string, child: string): LinkVerdict {
    return this.scene === null ? { kind: 'possible' } : linkVerdict(this.scene.graph, parent, child);
  }

  show(view: Pick<ProjectView, 'blocks' | 'edges'>, direction: Direction): void {
    const isTurned = this.direction !== direction;
    this.direction = direction;
    const { scene, isNewPicture, changed, changedEdges } = this.keeper.update(view, direction);
    const isFirst = this.scene === null || this.scene.blocks.length === 0;
    this.scene = scene;
    if (this._current === null || !scene.graph.nodeOf.has(this._current))
      this._current = scene.graph.ids[0] ?? null;
    if (this._edge !== null) {
      const { key } = this._edge;
      this._edge = scene.graph.edges.find(edge => edge.key === key) ?? null;
    }
    if (isNewPicture || changedEdges.size > 0) this.labels = null;
    if (isNewPicture || changed.size > 0) this.minimap.show(scene);
    this.minimap.element.classList.toggle('is-needed', scene.blocks.length > 0);
    if (isNewPicture) {
      if (isFirst || isTurned) this.whole = null;
      if (this.whole === null && this.isVisible) this.fit(0);
      else this.redraw(!isFirst && !isTurned);
    } else {
      this.nodes.refresh(this.drawnNodes(scene.blocks.filter(({ id }) => changed.has(id))));
      if (changedEdges.size > 0) this.redrawEdges(false);
      if (changed.size + changedEdges.size > 0) this.updateFar();
    }
  }

  /** @param ids in the order of selecting */
  select(ids: readonly string[]): void {
    const before = this.selected;
    this.selected = new Set(ids);
    const last = ids[ids.length - 1];
    const previous = this._current;
    if (last !== undefined) this._current = last;
    this.refreshNodes([...before, ...ids, ...[previous, this._current].filter(id => id !== null)]);
    this.redrawNearEdges();
  }

  selectEdge(edge: PanelEdge | null): void {
    this._edge = edge;
    this.redrawNearEdges();
  }

  /** @param ids `null`: nothing is looked for */
  find(ids: readonly string[] | null): void {
    this.found = ids === null ? null : new Set(ids);
    this.element.classList.toggle('is-searching', ids !== null);
    if (this.scene !== null) this.refreshNodes(this.scene.graph.ids);
    this.updateFar();
  }

  resize(width: number, height: number): void {
    if (width === 0 || height === 0) return;
    // As long as nobody moves it.
    const isWhole = this.whole === null || isSamePlace(this.whole, this.viewport);
    this.zooming.resize(width, height);
    if (isWhole && this.scene !== null) this.fit(0);
    else this.redraw();
  }

  fit(milliseconds = this.milliseconds): void {
    if (this.scene === null || !this.isVisible) return;
    this.whole = fitting(wholeOf(this.scene.picture), this.viewport);
    this.zooming.goTo(this.whole, milliseconds);
  }

  zoomBy(factor: number): void {
    this.zooming.scaleBy(factor, this.milliseconds);
  }

  actualSize(): void {
    const { scale } = this.viewport;
    this.zooming.scaleBy(1 / scale, this.milliseconds);
  }

  /** Brings a block into view and makes it the one that keys act on. */
  goTo(id: string, { isFocused = true, isLegible = false } = {}): void {
    const node = this.scene?.graph.nodeOf.get(id);
    if (this.scene === null || node === undefined) return;
    const previous = this._current;
    this._current = id;
    const box = boxAround(this.scene.picture, [node]);
    const { scale, width, height } = this.viewport;
    if (box !== null && isLegible && scale < LABEL_SCALE) {
      const x = (box.left + box.right) / 2;
      const y = (box.top + box.bottom) / 2;
      this.zooming.goTo({ scale: 1, dx: width / 2 - x, dy: height / 2 - y }, 0);
    } else {
      const place = box === null ? null : revealing(box, this.viewport);
      if (place !== null) this.zooming.goTo(place, 0);
    }
    if (this.nodes.element(id) === undefined) this.redraw();
    this.refreshNodes([id, ...(previous === null ? [] : [previous])]);
    if (isFocused) this.nodes.element(id)?.focus({ preventScroll: true });
  }

  /** @returns where the key leads; the same block where it leads nowhere */
  neighbour(move: Move): string | null {
    const node = this._current === null ? undefined : this.scene?.graph.nodeOf.get(this._current);
    if (this.scene === null || node === undefined) return null;
    return this.scene.graph.ids[moved(this.scene.picture, node, move)] ?? null;
  }

  /** Where something that belongs to a block may hang. */
  rectangleOf(id: string): DOMRect | null {
    return this.nodes.element(id)?.querySelector('.dagpy-node-box')?.getBoundingClientRect() ?? null;
  }

  focus(): void {
    if (this._current !== null) this.nodes.element(this._current)?.focus({ preventScroll: true });
  }

  dispose(): void {
    this.stopFollowingTheme();
    this.far.dispose();
    this.zooming.dispose();
    this.element.remove();
  }

  private get isVisible(): boolean {
    return this.viewport.width > 0 && this.viewport.height > 0;
  }

  private get milliseconds(): number {
    return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : MOVE_MILLISECONDS;
  }

  /** While it moves no element comes or goes: where those that are drawn do not do, canvases take their place. */
  private follow(): void {
    const { viewport, scene, drawn } = this;
    this.minimap.frame(viewport);
    if (!this.isVeiled) this.showLabels();
    if (scene === null || drawn === null) return;
    const isCards = drawn.detail === 'cards';
    const isEnough =
      isCards &&
      (viewport.scale === this.drawnScale || drawn.nodes.length <= MOST_SCALED) &&
      covers(drawn.area, viewport, scene.picture);
    if (!isEnough && !this.isVeiled && (isCards || drawn.nodes.length > MOST_MOVED)) {
      this.far.update({ scene, found: this.found, isEdgesOnly: false });
      this.veil(true);
    }
    if (this.isFar) this.far.follow(viewport);
  }

  private redraw(isAnimated = false): void {
    const { scene } = this;
    if (scene === null || !this.isVisible) return;
    const always = this._current === null ? undefined : scene.graph.nodeOf.get(this._current);
    this.drawn = drawnFor(scene.picture, this.viewport, always === undefined ? [] : [always]);
    this.drawnScale = this.viewport.scale;
    this.zooming.sharpen();
    const milliseconds = isAnimated && this.drawn.nodes.length <= MOST_ANIMATED ? this.milliseconds : 0;
    const nodes = this.drawnNodes(this.drawn.nodes.map(node => scene.blocks[node]!));
    const { entered, kept } = this.nodes.draw(nodes);
    entered.attr('transform', placeOf);
    if (milliseconds === 0)
      kept.interrupt('place').each(function (node) {
        change(this, 'transform', placeOf(node));
      });
    else {
      entered
        .style('opacity', 0)
        .transition()
        .delay(milliseconds / 2)
        .style('opacity', null);
      kept.transition('place').duration(milliseconds).ease(easeCubicOut).attr('transform', placeOf);
    }
    this.redrawEdges(milliseconds > 0);
    this.veil(false);
    this.zooming.keepLayer(this.drawn.detail === 'cards');
    this.showLabels();
    this.updateFar();
    this.minimap.frame(this.viewport);
  }

  private showLabels(): void {
    this.element.classList.toggle('has-labels', this.viewport.scale >= LABEL_SCALE);
  }

  /** Elements show nothing, and are there all the same: whoever has the focus keeps it. */
  private veil(isVeiled: boolean): void {
    this.isVeiled = isVeiled;
    this.zooming.hold(isVeiled);
    this.element.classList.toggle('is-veiled', isVeiled);
  }

  /** Whether canvases show something. */
  private get isFar(): boolean {
    return this.isVeiled || this.drawn?.detail === 'signs' || this.drawn?.hasSingleEdges === false;
  }

  private updateFar(): void {
    const { scene, drawn, viewport } = this;
    if (scene === null || drawn === null) return;
    this.far.update({
      scene,
      found: this.found,
      isEdgesOnly: drawn.detail === 'cards' && !this.isVeiled && !drawn.hasSingleEdges,
    });
    if (this.isVeiled) this.far.follow(viewport);
    else if (this.isFar) this.far.rest(viewport);
    else this.far.hide();
    if (!drawn.isWhole) this.far.prepareSoon();
  }

  private redrawEdges(isAnimated: boolean): void {
    const { scene, drawn } = this;
    if (scene === null || drawn === null) return;
    const edges = drawn.edges.map(place => this.drawnEdge(scene, place));
    const single = drawn.hasSingleEdges
      ? edges
      : edges.filter(({ isSelected, isNear }) => isSelected || isNear);
    const { entered, moved: other } = drawEdges(this.stage, single);
    if (isAnimated)
      for (const selection of [entered, other])
        selection
          .interrupt()
          .style('opacity', 0)
          .transition()
          .delay(this.milliseconds / 2)
          .style('opacity', null);
    if (drawn.detail === 'signs') drawLabels(this.stage, []);
    else this.redrawLabels(scene, edges);
  }

  /** What is pointed at or selected is another; the edges themselves are not. */
  private redrawNearEdges(): void {
    const { scene, drawn } = this;
    if (scene === null || drawn === null) return;
    if (drawn.hasSingleEdges) this.redrawEdges(false);
    else drawEdges(this.stage, drawn.edges.map(place => this.drawnEdge(scene, place)).filter(isMarked));
  }

  private redrawLabels(scene: Scene, edges: readonly DrawnEdge[]): void {
    if (this.labels?.graph !== scene.graph) {
      const texts = scene.graph.edges.map(edge => this.words.edge(edge));
      this.labels = { graph: scene.graph, labels: placeLabels(scene.picture, texts, LABEL_SIZE) };
    }
    const drawn = new Map(edges.map(each => [each.edge.key, each]));
    drawLabels(
      this.stage,
      this.labels.labels.flatMap(label => {
        const { key } = scene.graph.edges[label.edge]!;
        const edge = drawn.get(key);
        if (edge === undefined) return [];
        const { from, to, isNear, isSelected } = edge;
        return [{ ...label, key, from, to, isShown: isNear || isSelected }];
      }),
    );
  }

  private refreshNodes(ids: Iterable<string>): void {
    const { scene } = this;
    if (scene === null) return;
    const blocks = [...new Set(ids)].flatMap(id => {
      const node = scene.graph.nodeOf.get(id);
      return node === undefined ? [] : [scene.blocks[node]!];
    });
    this.nodes.refresh(this.drawnNodes(blocks));
  }

  private drawnNodes(blocks: readonly BlockView[]): readonly DrawnNode[] {
    const { scene, drawn } = this;
    if (scene === null || drawn === null) return [];
    const { layout, nodeWidth, nodeHeight } = scene.picture;
    return blocks.map((block): DrawnNode => {
      const node = scene.graph.nodeOf.get(block.id)!;
      return {
        block,
        detail: drawn.detail,
        x: layout.x[node]!,
        y: layout.y[node]!,
        width: nodeWidth,
        height: nodeHeight,
        isToTheRight: layout.direction === 'right',
        remark: drawn.detail === 'cards' ? this.words.remark(block) : '',
        label: this.label(block, scene.graph),
        isSelected: this.selected.has(block.id),
        isCurrent: this._current === block.id,
        isFound: this.found?.has(block.id) ?? false,
      };
    });
  }

  private label(block: BlockView, graph: PanelGraph): string {
    const known = this.labelOf.get(block.id);
    if (known !== undefined && known[0] === block && known[1] === graph) return known[2];
    const label = this.words.label(block, graph);
    this.labelOf.set(block.id, [block, graph, label]);
    return label;
  }

  private drawnEdge({ graph, picture, lit }: Scene, place: number): DrawnEdge {
    const edge = graph.edges[place]!;
    const from = graph.ids[edge.from]!;
    const to = graph.ids[edge.to]!;
    const isNear =
      this.pointedEdge === edge.key ||
      [from, to].some(id => id === this.pointedAt || (this.selected.size < 30 && this.selected.has(id)));
    return {
      edge,
      from,
      to,
      way: picture.ways[place]!,
      isLit: lit[place]!,
      isSelected: this._edge?.key === edge.key,
      isNear,
      isDirect: picture.layout.routes[place]!.direct,
    };
  }

  private portOf(id: string): readonly [number, number] | null {
    const node = this.scene?.graph.nodeOf.get(id);
    if (this.scene === null || node === undefined) return null;
    return portOf(this.scene.picture, node);
  }

  private selectIn(box: Box): void {
    if (this.scene === null) return;
    const { graph } = this.scene;
    const ids = nodesIn(this.scene.picture, box).map(node => graph.ids[node]!);
    this.events.onSelect([...new Set([...this.selected, ...ids])]);
  }

  private click(id: string, isAdding: boolean): void {
    this.nodes.element(id)?.focus({ preventScroll: true });
    if (this._edge !== null) this.chooseEdge(null);
    if (isAdding) {
      const others = [...this.selected].filter(other => other !== id);
      this.events.onSelect(this.selected.has(id) ? others : [...others, id]);
    } else {
      this.events.onSelect([id]);
      this.events.onClick(id);
    }
  }

  private point(id: string | null, edge: PanelEdge | null, x: number, y: number): void {
    const key = edge?.key ?? null;
    if (id === this.pointedAt && key === this.pointedEdge) return;
    this.pointedAt = id;
    this.pointedEdge = key;
    this.redrawNearEdges();
    this.events.onPointAt(id);
    this.events.onPointAtEdge(edge, x, y);
  }

  private takeFocus(id: string): void {
    if (id === this._current) return;
    const before = this._current;
    this._current = id;
    this.refreshNodes(before === null ? [id] : [id, before]);
  }

  private chooseEdge(edge: PanelEdge | null): void {
    this.selectEdge(edge);
    this.events.onSelectEdge(edge);
    if (edge !== null) this.focus();
  }
}

const isMarked = ({ isSelected, isNear }: DrawnEdge): boolean => isSelected || isNear;
