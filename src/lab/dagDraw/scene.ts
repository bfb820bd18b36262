/**
 * What is on the picture now. The layout is made anew only when blocks or edges come or go; when states change, nothing
 * but the list of blocks and edges that look different.
 */
import {
  harmless,
  isLit,
  layOut,
  NODE_HEIGHT,
  nodeWidthFor,
  pathOf,
  spacingFor,
  type Direction,
  type Layout,
} from '../../dagLayout/index.js';
import type { BlockView, ProjectView } from '../../protocol/resident/view.js';
import { panelGraph, type PanelGraph } from './graph.js';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where everything stands; the same object as long as nothing comes or goes. */
export interface Picture {
  readonly graph: PanelGraph;
  readonly layout: Layout;
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** Of each edge. */
  readonly ways: readonly string[];
  readonly edgeBoxes: readonly Box[];
}

export interface Scene {
  readonly picture: Picture;
  /** With what crosses each edge by now; numbered as in `picture.graph`. */
  readonly graph: PanelGraph;
  /** By node. */
  readonly blocks: readonly BlockView[];
  /** By edge: whether a change takes it. */
  readonly lit: readonly boolean[];
}

export interface SceneChange {
  readonly scene: Scene;
  readonly isNewPicture: boolean;
  /** Ids of blocks that look different. */
  readonly changed: ReadonlySet<string>;
  /** Keys of edges that look different. */
  readonly changedEdges: ReadonlySet<string>;
}

/** Room for `cell 12 of 40` and the like, so that no block grows while it runs. */
const REMARK_ROOM = ['input features.X changed'];

export class SceneKeeper {
  private scene: Scene | null = null;
  private view: Pick<ProjectView, 'blocks' | 'edges'> | null = null;
  private _layouts = 0;

  /** How often a layout was made. */
  get layouts(): number {
    return this._layouts;
  }

  update(view: Pick<ProjectView, 'blocks' | 'edges'>, direction: Direction): SceneChange {
    const before = this.scene;
    const graph = this.graphOf(view);
    const blockOf = new Map(view.blocks.map(block => [block.id, block]));
    const blocks = graph.ids.map(id => blockOf.get(id)!);
    const lit = graph.edges.map(({ from, to }) => isLit(blocks[from]!.state, blocks[to]!.state));
    const isKept =
      before !== null && before.picture.layout.direction === direction && isSameGraph(before.graph, graph);
    const picture = isKept ? before.picture : this.pictureOf(graph, direction);
    const scene: Scene = { picture, graph, blocks, lit };
    this.scene = scene;
    this.view = view;
    const changed = new Set<string>();
    const changedEdges = new Set<string>();
    blocks.forEach((block, node) => {
      if (!isKept || before.blocks[node] !== block) changed.add(block.id);
    });
    graph.edges.forEach((edge, place) => {
      if (!isKept || before.lit[place] !== lit[place] || !isSameEdge(before.graph.edges[place], edge))
        changedEdges.add(edge.key);
    });
    return { scene, isNewPicture: !isKept, changed, changedEdges };
  }

  private graphOf({ blocks, edges }: Pick<ProjectView, 'blocks' | 'edges'>): PanelGraph {
    const before = this.view;
    const isKept =
      before !== null &&
      this.scene !== null &&
      before.edges === edges &&
      before.blocks.length === blocks.length &&
      blocks.every(({ id }, place) => before.blocks[place]!.id === id);
    if (isKept && this.scene !== null) return this.scene.graph;
    return panelGraph(
      blocks.map(({ id }) => id),
      edges,
    );
  }

  private pictureOf(graph: PanelGraph, direction: Direction): Picture {
    this._layouts += 1;
    const nodeWidth = nodeWidthFor(graph.ids.map(harmless), REMARK_ROOM);
    const layout = layOut(graph, spacingFor(graph.size, nodeWidth, direction), direction);
    return {
      graph,
      layout,
      nodeWidth,
      nodeHeight: NODE_HEIGHT,
      ways: layout.routes.map(route => pathOf(route, direction)),
      edgeBoxes: boxesOf(layout),
    };
  }
}

const isSameEdge = (a: PanelGraph['edges'][number] | undefined, b: PanelGraph['edges'][number]): boolean =>
  a !== undefined &&
  (a === b || (a.kind === b.kind && a.session === b.session && isSameList(a.variables, b.variables)));

const isSameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

function isSameGraph(a: PanelGraph, b: PanelGraph): boolean {
  if (a === b) return true;
  return (
    a.size === b.size &&
    a.edges.length === b.edges.length &&
    a.ids.every((id, node) => b.ids[node] === id) &&
    a.edges.every(({ key }, place) => b.edges[place]!.key === key)
  );
}

function boxesOf({ routes, direction }: Layout): readonly Box[] {
  return routes.map(({ start, bends, end }) => {
    let left = Math.min(start.x, end.x);
    let right = Math.max(start.x, end.x);
    let top = Math.min(start.y, end.y);
    let bottom = Math.max(start.y, end.y);
    for (const { lane } of bends) {
      if (direction === 'down') {
        left = Math.min(left, lane);
        right = Math.max(right, lane);
      } else {
        top = Math.min(top, lane);
        bottom = Math.max(bottom, lane);
      }
    }
    return { left, top, right, bottom };
  });
}
