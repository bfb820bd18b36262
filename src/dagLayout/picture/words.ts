/** Text of a picture: names are whatever people wrote, so they are made harmless, short, and their width is estimated. */
import { bytes, duration } from '../../protocol/amounts.js';
import type { CrossingVariable, GraphNode } from '../../protocol/reports.js';
import type { GraphEdgeParts } from './model.js';

/** Control characters, halves of surrogate pairs, non-characters, and marks that turn the direction of text around. */
const HARMFUL =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** One line that is valid in XML and that no viewer takes for a command. */
export const harmless = (text: string): string => text.replace(/[\t\n\r]+/g, ' ').replace(HARMFUL, '\ufffd');

/** `stale`, `never run`. */
export const stateWords = (state: NonNullable<GraphNode['state']>): string =>
  state === 'never' ? 'never run' : state;

const detailsOf = ({ state, reasons }: GraphNode): readonly string[] =>
  reasons
    .map(({ detail }) => detail)
    .filter(
      (detail, place, all) => !(state === 'never' && detail === 'never run') && all.indexOf(detail) === place,
    );

/** All reasons in words; empty where the state says it all. */
export const reasonsOf = (node: GraphNode): string => harmless(detailsOf(node).join(', '));

/** `0.3 s · 1.2 MB`, or nothing. */
export const figuresOf = ({ seconds, bytes: size }: GraphNode): string =>
  [seconds === null ? '' : duration(seconds), size === null ? '' : bytes(size)]
    .filter(part => part !== '')
    .join(' · ');

/** The first reason, and how many others there are. */
export function reasonOf(node: GraphNode): string {
  const [first, ...others] = detailsOf(node);
  if (first === undefined) return '';
  return harmless(others.length === 0 ? first : `${first} (+${String(others.length)})`);
}

/** The line under a name: state, then what a person wants to know next. */
export function remarkOf(node: GraphNode): string {
  if (node.state === null) return node.prelude ? 'prelude' : '';
  const reason = reasonOf(node);
  const more = reason === '' ? (node.prelude ? 'prelude' : figuresOf(node)) : reason;
  return [stateWords(node.state), more].filter(part => part !== '').join(' · ');
}

const renamed = ({ name, as }: CrossingVariable): string => harmless(name === as ? name : `${name} as ${as}`);

/** A label of an edge: `df, stats +2`. */
export function labelOf({ kind, session, variables }: GraphEdgeParts, most = 2): string {
  if (kind === 'order') return 'order only';
  if (session) return 'whole session';
  const names = variables.slice(0, most).map(renamed).join(', ');
  return variables.length > most ? `${names} +${String(variables.length - most)}` : names;
}

const LISTED = 30;

/** One line a variable, with type and size where they are known. */
export function variableLines({ variables }: GraphEdgeParts): readonly string[] {
  const lines = variables
    .slice(0, LISTED)
    .map(variable =>
      [renamed(variable), harmless(variable.type ?? ''), variable.bytes === null ? '' : bytes(variable.bytes)]
        .filter(part => part !== '')
        .join(' · '),
    );
  return variables.length > LISTED ? [...lines, `and ${String(variables.length - LISTED)} more`] : lines;
}

/** Hundredths of the font size that a character of DejaVu Sans takes from `' '` to `'~'`; wider than most sans-serifs. */
const REGULAR =
  `32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70
77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58
28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84`
    .split(/\s/)
    .map(Number);
const OTHERS = 68;
const WIDE = 105;
/** Bold ones are so much wider. */
const BOLD = 1.125;

/** Estimated width in pixels. */
export function widthOf(text: string, fontSize: number, bold = false): number {
  let hundredths = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    hundredths += REGULAR[code - 32] ?? (isWide(code) ? WIDE : OTHERS);
  }
  return (hundredths / 100) * fontSize * (bold ? BOLD : 1);
}

/** East Asian and pictographic characters, which take two places on a terminal. */
export const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0x1f300 && code <= 0x1faff) ||
  (code >= 0x20000 && code <= 0x3fffd);

/** The beginning of a text that fits, with an ellipsis where something is left out. */
export function fitted(text: string, width: number, fontSize: number, bold = false): string {
  if (widthOf(text, fontSize, bold) <= width) return text;
  const left = width - widthOf('…', fontSize, bold);
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += widthOf(character, fontSize, bold);
    if (used > left) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** Counts of states in the order in which they first appear: `5 fresh · 1 stale`. */
export function stateCounts(
  nodes: readonly GraphNode[],
): readonly (readonly [NonNullable<GraphNode['state']>, number])[] {
  const counts = new Map<NonNullable<GraphNode['state']>, number>();
  for (const { state } of nodes) if (state !== null) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts];
}
