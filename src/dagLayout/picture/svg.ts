/** The graph as an SVG document that stands alone: no script, nothing from elsewhere, light and dark. */
import type { GraphNode } from '../../protocol/reports.js';
import type { Route } from '../types.js';
import { isLit } from './lit.js';
import { placeLabels, type Label } from './labels.js';
import { LOOKS } from './look.js';
import type { DrawnGraph, GraphEdgeParts } from './model.js';
import {
  fittedName,
  NAME_SIZE,
  REMARK_SIZE,
  TEXT_LEFT,
  TEXT_LEFT_PLAIN,
  type PlacedGraph,
} from './placed.js';
import { pathOf, tenth } from './paths.js';
import { LABEL_SIZE, styleSheet } from './styleSheet.js';
import {
  figuresOf,
  harmless,
  labelOf,
  reasonsOf,
  remarkOf,
  stateCounts,
  stateWords,
  variableLines,
  widthOf,
} from './words.js';

const MARGIN = 24;
const TITLE_SIZE = 16;
const LEGEND_LINE = 22;
/** Edges up to which the names that cross stand beside them, and up to which they are easy to point at. */
const MOST_LABELS = 300;
const MOST_TARGETS = 1000;

export interface Drawing {
  readonly svg: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

export function drawSvg(picture: PlacedGraph): Drawing {
  const { graph, layout } = picture;
  const title = `${harmless(graph.project)}: ${count(graph.size, 'block')}`;
  const contentWidth = Math.max(layout.width, 320, widthOf(title, TITLE_SIZE, true));
  const legend = legendOf(graph, contentWidth);
  const top = MARGIN + TITLE_SIZE + legend.height + 20;
  const width = Math.ceil(contentWidth + 2 * MARGIN);
  const height = Math.ceil(top + layout.height + MARGIN);
  const left = MARGIN + (contentWidth - layout.width) / 2;
  const counted = stateCounts(graph.nodes).map(([state, many]) => `${String(many)} ${stateWords(state)}`);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" class="dagpy" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped([count(graph.edges.length, 'edge'), ...counted].join(', '))}</desc>`,
    `<style>${styleSheet}</style>`,
    `<defs>${definitions(graph)}</defs>`,
    `<rect class="ground" width="${String(width)}" height="${String(height)}"/>`,
    `<text class="title" x="${String(MARGIN)}" y="${String(MARGIN + TITLE_SIZE - 3)}">${escaped(harmless(graph.project))}</text>`,
    `<g class="legend" transform="translate(${String(MARGIN)} ${String(MARGIN + TITLE_SIZE + 8)})">${legend.svg}</g>`,
    `<g transform="translate(${String(tenth(left))} ${String(top)})">`,
  ];
  const edges = layout.routes.map((route, index) => ({ route, edge: graph.edges[index]! }));
  const isTarget = edges.length <= MOST_TARGETS;
  // Lit edges lie above plain ones.
  const drawn = edges.map(({ route, edge }) => ({
    route,
    edge,
    lit: isLit(graph.nodes[route.from]!.state, graph.nodes[route.to]!.state),
  }));
  for (const lit of [false, true])
    for (const each of drawn)
      if (each.lit === lit) parts.push(edgeSvg(picture, each.route, each.edge, lit, isTarget));
  graph.nodes.forEach((node, index) => {
    parts.push(nodeSvg(picture, node, layout.x[index]!, layout.y[index]!));
  });
  if (edges.length <= MOST_LABELS) {
    const texts = graph.edges.map(edge => labelOf(edge));
    for (const label of placeLabels(picture, texts, LABEL_SIZE)) parts.push(labelSvg(label));
  }
  parts.push('</g>', '</svg>', '');
  return { svg: parts.join('\n'), width, height };
}

const count = (many: number, what: string): string => `${String(many)} ${what}${many === 1 ? '' : 's'}`;

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${String(character.charCodeAt(0))};`);

function definitions(graph: DrawnGraph): string {
  const arrow = (name: string) =>
    `<marker id="dagpy-${name}" class="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 .8 8 4 0 7.2z"/></marker>`;
  const marks = stateCounts(graph.nodes).map(
    ([state]) => `<g id="dagpy-${state}" class="mark ${state}">${LOOKS[state].shape}</g>`,
  );
  return [arrow('arrow'), arrow('arrow-lit'), ...marks].join('');
}

const mark = (state: string, x: number, y: number): string =>
  `<use href="#dagpy-${state}" x="${String(tenth(x))}" y="${String(tenth(y))}"/>`;

/** Each state that occurs, with its word and how many blocks are in it. */
function legendOf(graph: DrawnGraph, width: number): { readonly svg: string; readonly height: number } {
  const counts = stateCounts(graph.nodes);
  if (counts.length === 0) {
    const text = `${count(graph.size, 'block')} · ${count(graph.edges.length, 'edge')}`;
    return { svg: `<text x="0" y="14">${text}</text>`, height: LEGEND_LINE };
  }
  const parts: string[] = [];
  let x = 0;
  let y = 0;
  for (const [state, many] of counts) {
    const text = `${String(many)} ${stateWords(state)}`;
    const needed = 20 + widthOf(text, REMARK_SIZE) + 18;
    if (x > 0 && x + needed > width) {
      x = 0;
      y += LEGEND_LINE;
    }
    parts.push(
      `${mark(state, x + 7, y + 10)}<text x="${String(tenth(x + 19))}" y="${String(y + 14)}">${text}</text>`,
    );
    x += needed;
  }
  return { svg: parts.join(''), height: y + LEGEND_LINE };
}

function nodeSvg(picture: PlacedGraph, node: GraphNode, x: number, y: number): string {
  const { nodeWidth, nodeHeight, hasStates } = picture;
  const name = harmless(node.id);
  const remark = remarkOf(node);
  const middle = nodeHeight / 2;
  const left = hasStates ? TEXT_LEFT : TEXT_LEFT_PLAIN;
  const said = [name, node.state === null ? remark : sentence(node)].filter(part => part !== '');
  return [
    `<g class="block${node.state === null ? '' : ` ${node.state}`}" data-block="${escaped(name)}"${node.state === null ? '' : ` data-state="${node.state}"`} role="img" aria-label="${escaped(said.join(', '))}" transform="translate(${String(tenth(x))} ${String(tenth(y))})">`,
    `<title>${escaped([...said, figuresOf(node)].filter(part => part !== '').join('\n'))}</title>`,
    `<rect class="box" width="${String(nodeWidth)}" height="${String(nodeHeight)}" rx="6"/>`,
    node.state === null ? '' : mark(node.state, 18, middle),
    `<text class="name" x="${String(left)}" y="${String(remark === '' ? middle + 4.5 : 20)}">${escaped(fittedName(picture, name, NAME_SIZE, true))}</text>`,
    remark === ''
      ? ''
      : `<text class="remark" x="${String(left)}" y="36">${escaped(fittedName(picture, remark, REMARK_SIZE, false))}</text>`,
    '</g>',
  ].join('');
}

/** `stale: cell 2 changed`. */
function sentence(node: GraphNode): string {
  const word = node.state === null ? '' : stateWords(node.state);
  const reason = reasonsOf(node);
  return `${word}${node.prelude ? ', prelude' : ''}${reason === '' ? '' : `: ${reason}`}`;
}

function edgeSvg(
  { graph, layout: { direction } }: PlacedGraph,
  route: Route,
  edge: GraphEdgeParts,
  lit: boolean,
  isTarget: boolean,
): string {
  const from = harmless(graph.nodes[route.from]!.id);
  const to = harmless(graph.nodes[route.to]!.id);
  const lines = edge.kind === 'values' && !edge.session ? variableLines(edge) : [labelOf(edge)];
  const way = pathOf(route, direction);
  const classes = [
    'edge',
    edge.kind === 'order' ? 'order' : '',
    lit ? 'lit' : '',
    route.direct ? 'direct' : '',
  ];
  return [
    `<g class="${classes.filter(each => each !== '').join(' ')}" data-from="${escaped(from)}" data-to="${escaped(to)}">`,
    `<title>${escaped([`${from} → ${to}`, ...lines].join('\n'))}</title>`,
    isTarget ? `<path class="near" d="${way}"/>` : '',
    `<path class="way" d="${way}" marker-end="url(#dagpy-arrow${lit ? '-lit' : ''})"/>`,
    '</g>',
  ].join('');
}

function labelSvg({ x, y, width, text }: Label): string {
  const height = LABEL_SIZE + 3;
  const ground = `<rect class="behind" x="${String(tenth(x - width / 2))}" y="${String(tenth(y - height / 2))}" width="${String(tenth(width))}" height="${String(height)}" rx="3"/>`;
  return `<g class="label" aria-hidden="true">${ground}<text x="${String(tenth(x))}" y="${String(tenth(y + LABEL_SIZE * 0.35))}">${escaped(text)}</text></g>`;
}
