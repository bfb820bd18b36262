/**
 * Header cells of a flow notebook, one above the cells of each block:
 *
 *   ## Block: clean
 *   - Parents: load
 *   - Filter: df, stats_*
 *
 * People edit them: another name renames the block, other parents or another filter change dag.json, and a header that
 * is typed anew begins a new block. What else stands in the cell is left in it.
 */

export interface Header {
  readonly name: string;
  /** Absent: not said. */
  readonly parents?: readonly string[];
  readonly filter?: readonly string[];
  /** All other lines. */
  readonly rest: readonly string[];
  /** It holds lines that `disputeLine` made. */
  readonly isDisputed?: boolean;
}

const HEADING = /^\s{0,3}#{1,6}\s*block\s*:\s*(\S.*?)\s*#*\s*$/i;
const ATTRIBUTE = /^\s*(?:[-*+]\s+)?(parents|filter)\s*:\s*(.*?)\s*$/i;
const NOTHING = /^(?:none|nothing|[-–—])$/i;
const DISPUTE = '> dag.json says by now: ';
/** Between quotes or backticks anything; `*` and `_` belong to globs and names. */
const ITEM = /`[^`]+`|"[^"]+"|'[^']+'|[^,\s]+/g;

/** `undefined`: an ordinary markdown cell. */
export function parseHeader(source: string): Header | undefined {
  const lines = source.split(/\r\n|\r|\n/);
  const first = lines.findIndex(line => line.trim() !== '');
  const name = HEADING.exec(lines[first] ?? '')?.[1];
  if (name === undefined) return undefined;
  const found = new Map<string, readonly string[]>();
  const rest: string[] = [];
  let isDisputed = false;
  for (const line of lines.slice(first + 1)) {
    const [, word = '', value = ''] = ATTRIBUTE.exec(line) ?? [];
    const key = word.toLowerCase();
    if (line.startsWith(DISPUTE)) isDisputed = true;
    else if (key === '' || found.has(key)) rest.push(line);
    // A block may hand on nothing, but a line that was left empty does not ask for it.
    else if (key === 'parents' || value !== '') found.set(key, listOf(value));
  }
  const parents = found.get('parents');
  const filter = found.get('filter');
  return {
    name: unquoted(name),
    ...(parents === undefined ? {} : { parents }),
    ...(filter === undefined ? {} : { filter }),
    rest: trimmed(rest),
    ...(isDisputed ? { isDisputed } : {}),
  };
}

export function formatHeader({ name, parents = [], filter, rest }: Header): string {
  const lines = [
    `## Block: ${name}`,
    `- Parents: ${listed(parents)}`,
    ...(filter === undefined ? [] : [`- Filter: ${listed(filter)}`]),
  ];
  return [...lines, ...(rest.length === 0 ? [] : ['', ...rest])].join('\n');
}

/** Tells below a header what dag.json says otherwise; reading the header skips it. */
export const disputeLine = (what: string, items: readonly string[]): string =>
  `${DISPUTE}${what} ${listed(items)}`;

const unquoted = (text: string): string => /^([`"'])(.+)\1$/.exec(text)?.[2] ?? text;

function listOf(text: string): readonly string[] {
  return text === '' || NOTHING.test(text) ? [] : (text.match(ITEM) ?? []).map(unquoted);
}

function listed(items: readonly string[]): string {
  if (items.length === 0) return 'none';
  const isOdd = (item: string): boolean => /[,\s]/.test(item) || (items.length === 1 && NOTHING.test(item));
  return items.map(item => (isOdd(item) ? `\`${item}\`` : item)).join(', ');
}

function trimmed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex(line => line.trim() !== '');
  if (first < 0) return [];
  let last = lines.length - 1;
  while (lines[last]?.trim() === '') last -= 1;
  return lines.slice(first, last + 1);
}
