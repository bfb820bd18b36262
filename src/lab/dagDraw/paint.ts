/** Paints a part of a picture on a canvas, in the units of the world. */
import { fitted, harmless, NAME_SIZE, TEXT_LEFT, TEXT_RIGHT } from '../../dagLayout/index.js';
import type { BlockState } from '../../protocol/states.js';
import type { Colours } from './colours.js';
import { LEGIBLE_SCALE, nodesIn, overlaps } from './detail.js';
import type { Box, Picture, Scene } from './scene.js';
import { shapesOf } from './shapes.js';

export interface Painted {
  readonly scene: Scene;
  /** `null`: nothing is looked for. */
  readonly found: ReadonlySet<string> | null;
  /** Blocks are elements of their own already. */
  readonly isEdgesOnly: boolean;
}

const LINE = 0.7;
const PLAIN_OPACITY = 0.5;
const LIT_LINE = 1.3;
/** Smaller than this, dashes are a line, and dear. */
const DASHED_SCALE = 0.12;
/** Units of a picture, of a shape that is 14 of its own. */
const SIGN_SIZE = 40;
const SHAPE_SIZE = 16;
const UNFOUND_OPACITY = 0.25;
/** How much of its state's colour a block takes. */
const TINT = 0.23;

const waysOf = new WeakMap<Picture, (Path2D | undefined)[]>();

/** @param scale pixels a unit @param box what of the world can be seen */
export function paint(
  context: CanvasRenderingContext2D,
  painted: Painted,
  box: Box,
  scale: number,
  colours: Colours,
): void {
  paintEdges(context, painted, box, scale, colours);
  if (!painted.isEdgesOnly) paintBlocks(context, painted, box, scale, colours);
  context.globalAlpha = 1;
}

function paintEdges(
  context: CanvasRenderingContext2D,
  { scene: { picture, graph, lit }, found }: Painted,
  box: Box,
  scale: number,
  colours: Colours,
): void {
  const ways = waysOf.get(picture) ?? [];
  waysOf.set(picture, ways);
  const wayOf = (edge: number): Path2D => (ways[edge] ??= new Path2D(picture.ways[edge]));
  const seen: number[] = [];
  picture.edgeBoxes.forEach((each, edge) => {
    if (overlaps(each, box)) seen.push(edge);
  });
  for (const isLit of [false, true]) {
    context.strokeStyle = isLit ? colours.lit : colours.edge;
    // Many lie over each other: together they are as dark as a few.
    context.globalAlpha = (isLit ? 1 : PLAIN_OPACITY) * (found === null ? 1 : UNFOUND_OPACITY);
    context.lineWidth = (isLit ? LIT_LINE : LINE) / scale;
    for (const isDashed of [false, true]) {
      context.setLineDash(isDashed && scale >= DASHED_SCALE ? [4 / scale, 3 / scale] : []);
      for (const edge of seen)
        if (lit[edge] === isLit && (graph.edges[edge]!.kind === 'order') === isDashed)
          context.stroke(wayOf(edge));
    }
  }
  context.setLineDash([]);
}

function paintBlocks(
  context: CanvasRenderingContext2D,
  { scene: { picture, graph, blocks }, found }: Painted,
  box: Box,
  scale: number,
  colours: Colours,
): void {
  const groups = new Map<string, { readonly state: BlockState; isFound: boolean; nodes: number[] }>();
  for (const node of nodesIn(picture, box)) {
    const { state } = blocks[node]!;
    const isFound = found?.has(graph.ids[node]!) ?? true;
    const key = `${state} ${String(isFound)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { state, isFound, nodes: [node] });
    else known.nodes.push(node);
  }
  const isLegible = scale >= LEGIBLE_SCALE;
  for (const { state, isFound, nodes } of groups.values()) {
    const opacity = isFound ? 1 : UNFOUND_OPACITY;
    const boxes = new Path2D();
    for (const node of nodes) addBox(boxes, picture, node, isLegible);
    context.globalAlpha = opacity;
    context.fillStyle = colours.box;
    context.fill(boxes);
    if (!isLegible && isTinted(state)) {
      context.globalAlpha = opacity * TINT;
      context.fillStyle = colours.of(state);
      context.fill(boxes);
      context.globalAlpha = opacity;
    }
    if (isLegible || state !== 'fresh') {
      context.strokeStyle = state === 'fresh' || state === 'blocked' ? colours.line : colours.of(state);
      context.lineWidth = isLegible && state === 'fresh' ? 1.2 : 2;
      context.setLineDash(state === 'never' && scale >= DASHED_SCALE ? [4, 3] : []);
      context.stroke(boxes);
    }
    if (isLegible || state !== 'fresh') paintShapes(context, picture, nodes, state, isLegible, colours);
    if (isLegible) paintNames(context, picture, nodes, colours);
  }
}

const isTinted = (state: BlockState): boolean =>
  ['fresh', 'stale', 'affected', 'queued', 'running', 'failed'].includes(state);

function addBox(
  path: Path2D,
  { layout, nodeWidth, nodeHeight }: Picture,
  node: number,
  isRound: boolean,
): void {
  const [x, y] = [layout.x[node]!, layout.y[node]!];
  if (isRound) path.roundRect(x, y, nodeWidth, nodeHeight, 6);
  else path.rect(x, y, nodeWidth, nodeHeight);
}

/** The sign of a card at its left, from afar a large one in the middle. */
function paintShapes(
  context: CanvasRenderingContext2D,
  { layout, nodeWidth, nodeHeight }: Picture,
  nodes: readonly number[],
  state: BlockState,
  isLegible: boolean,
  colours: Colours,
): void {
  const size = isLegible ? 1 : SIGN_SIZE / SHAPE_SIZE;
  const left = isLegible ? 18 : nodeWidth / 2;
  const opacity = context.globalAlpha;
  for (const { path, ink, isFaint, dash } of shapesOf(state)) {
    const all = new Path2D();
    for (const node of nodes)
      all.addPath(path, {
        a: size,
        d: size,
        e: layout.x[node]! + left,
        f: layout.y[node]! + nodeHeight / 2,
      });
    context.globalAlpha = opacity * (isFaint ? 0.3 : 1);
    context.setLineDash(dash.map(each => each * size));
    if (ink === 'filled') {
      context.fillStyle = colours.of(state);
      context.fill(all);
    } else {
      context.lineWidth = 1.9 * size;
      context.lineCap = 'round';
      context.strokeStyle = ink === 'cut' ? colours.box : colours.of(state);
      context.stroke(all);
      context.lineCap = 'butt';
    }
  }
  context.setLineDash([]);
  context.globalAlpha = opacity;
}

function paintNames(
  context: CanvasRenderingContext2D,
  { graph, layout, nodeWidth }: Picture,
  nodes: readonly number[],
  colours: Colours,
): void {
  context.fillStyle = colours.text;
  context.font = `600 ${String(NAME_SIZE)}px ${colours.font}`;
  const room = nodeWidth - TEXT_LEFT - TEXT_RIGHT;
  for (const node of nodes)
    context.fillText(
      fitted(harmless(graph.ids[node]!), room, NAME_SIZE, true),
      layout.x[node]! + TEXT_LEFT,
      layout.y[node]! + 20,
    );
}
