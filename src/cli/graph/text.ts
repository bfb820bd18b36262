/** The graph as rails, like those of `git log --graph`: a line a block, made one by one. */
import {
  DOWN,
  figuresOf,
  harmless,
  isWide,
  LEFT,
  LOOKS,
  rails,
  reasonOf,
  RIGHT,
  stateCounts,
  stateWords,
  UP,
  type DrawnGraph,
  type RailRow,
} from '../../dagLayout/index.js';
import type { GraphNode } from '../../protocol/reports.js';
import { plural, stateFormat, type Format, type Style } from '../terminal/style.js';

export interface Screen {
  readonly style: Style;
  /** Columns of the terminal; `undefined`: none, so lines are as long as they are. */
  readonly columns: number | undefined;
  /** Whether more than ASCII can be shown. */
  readonly unicode: boolean;
}

/** Lanes that are drawn where there is no terminal to say how many fit. */
const LANES_WITHOUT_TERMINAL = 40;
const FEWEST_LANES = 4;
/** Parents told by name where their rails are out of sight. */
const NAMED_PARENTS = 3;

/** Text that is painted in one way; `null`: not at all. */
type Piece = readonly [format: Format | null, text: string];

export function* textLines(graph: DrawnGraph, screen: Screen): Generator<string, void, undefined> {
  const { columns, unicode } = screen;
  const dot = unicode ? ' · ' : ', ';
  const counts = stateCounts(graph.nodes).map(([state, many]) => `${String(many)} ${stateWords(state)}`);
  const summary = counts.length > 0 ? counts.join(dot) : plural(graph.size, 'block');
  const title: Piece[] = [
    ['bold', harmless(graph.project)],
    [null, `  ${summary}`],
  ];
  yield painted(title, screen, columns);
  // Half of a terminal is for rails, half for words.
  const lanes =
    columns === undefined ? LANES_WITHOUT_TERMINAL : Math.max(FEWEST_LANES, Math.floor(columns / 4));
  const parents = graph.nodes.map((): number[] => []);
  for (const { from, to } of graph.edges) parents[to]!.push(from);
  for (const row of rails(graph)) {
    const node = graph.nodes[row.node]!;
    const pieces = [...railOf(row, node, lanes, screen), ...wordsOf(node, dot)];
    if (row.to >= lanes) {
      const named = parents[row.node]!.slice(0, NAMED_PARENTS).map(parent =>
        harmless(graph.nodes[parent]!.id),
      );
      const others = parents[row.node]!.length - named.length;
      if (others > 0) named.push(`+${String(others)}`);
      if (named.length > 0) pieces.push(['gray', `  ${unicode ? '←' : '<-'} ${named.join(', ')}`]);
    }
    yield painted(pieces, screen, columns);
  }
}

function wordsOf(node: GraphNode, dot: string): Piece[] {
  const pieces: Piece[] = [[null, harmless(node.id)]];
  if (node.prelude) pieces.push(['gray', '  prelude']);
  if (node.state === null) return pieces;
  const reason = reasonOf(node);
  const more = reason === '' ? figuresOf(node).split(' · ').filter(Boolean).join(dot) : reason;
  // Quiet when all is well.
  pieces.push(
    [null, '  '],
    [node.state === 'fresh' ? 'gray' : stateFormat(node.state), stateWords(node.state)],
  );
  if (more !== '') pieces.push(['gray', dot + more]);
  return pieces;
}

/** By marks of `UP` 1, `DOWN` 2, `LEFT` 4, `RIGHT` 8. */
const BOX = ' ╵╷│╴╯╮┤╶╰╭├─┴┬┼';
const ASCII = " '.|-'.+-`.+-+++";

function railOf(row: RailRow, node: GraphNode, lanes: number, { unicode }: Screen): Piece[] {
  const shapes = unicode ? BOX : ASCII;
  const dash = unicode ? '─' : '-';
  const pieces: Piece[] = [];
  let text = '';
  const mark = (): void => {
    pieces.push([null, text], markOf(node, unicode));
    text = '';
  };
  row.cells.slice(0, lanes).forEach((cell, lane) => {
    if (lane === row.column) mark();
    else text += shapes[cell & (UP | DOWN | LEFT | RIGHT)] ?? ' ';
    text += lane >= row.from && lane < row.to ? dash : ' ';
  });
  if (row.cells.length > lanes) {
    text += unicode ? '… ' : '> ';
    if (row.column >= lanes) {
      mark();
      text += ' ';
    }
  }
  pieces.push([null, text]);
  return pieces;
}

function markOf({ state }: GraphNode, unicode: boolean): Piece {
  if (state === null) return [null, unicode ? '●' : '*'];
  return [stateFormat(state), unicode ? LOOKS[state].sign : LOOKS[state].ascii];
}

/** A line that is no wider than the screen; cut where it would be. */
function painted(pieces: readonly Piece[], { style, unicode }: Screen, columns: number | undefined): string {
  const ellipsis = unicode ? '…' : '~';
  let room = columns ?? Infinity;
  let whole = pieces;
  if (widthOf(pieces.map(([, text]) => text).join('')) > room) {
    room -= 1;
    whole = [];
    const kept: Piece[] = [];
    for (const [format, text] of pieces) {
      const part = fit(text, room);
      kept.push([format, part]);
      room -= widthOf(part);
      if (part !== text) break;
    }
    kept.push([null, ellipsis]);
    whole = kept;
  }
  const line = whole.map(([format, text]) =>
    format === null || text === '' ? text : style.paint(format, text),
  );
  return `${line.join('').trimEnd()}\n`;
}

/** Places on a terminal. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

function fit(text: string, room: number): string {
  let kept = '';
  let left = room;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return kept;
}

/** Whether a terminal shows more than ASCII: what the locale says, and where there is none, what systems do today. */
export function showsUnicode(
  environment: Readonly<Record<string, string | undefined>>,
  platform: string,
): boolean {
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(
    value => value !== undefined && value !== '',
  );
  if (locale === undefined) return platform === 'win32' || platform === 'darwin';
  return /utf-?8/i.test(locale);
}
