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
}

const HEADING = /^\s{0,3}#{1,6}\s*block\s*:\s*(\S.*?)\s*#*\s*$/i;
const ATTRIBUTE = /^\s*(?:[-*+]\s+)?(parents|filter)\s*:\s*(.*?)\s*$/i;
const NOTHING = /^(?:none|nothing|[-–—])?$/i;

/** `undefined`: an ordinary markdown cell. */
export function parseHeader(source: string): Header | undefined {
  const lines = source.split(/\r\n|\r|\n/);
  const first = lines.findIndex(line => line.trim() !== '');
  const name = HEADING.exec(lines[first] ?? '')?.[1];
  if (name === undefined) return undefined;
  const found = new Map<string, readonly string[]>();
  const rest: string[] = [];
  for (const line of lines.slice(first + 1)) {
    const [, key = '', value = ''] = ATTRIBUTE.exec(line) ?? [];
    if (key === '' || found.has(key.toLowerCase())) rest.push(line);
    else found.set(key.toLowerCase(), listOf(value));
  }
  const parents = found.get('parents');
  const filter = found.get('filter');
  return {
    name: unquoted(name),
    ...(parents === undefined ? {} : { parents }),
    ...(filter === undefined ? {} : { filter }),
    rest: trimmed(rest),
  };
}

export function formatHeader({ name, parents = [], filter = [], rest }: Header): string {
  const lines = [
    `## Block: ${name}`,
    `- Parents: ${parents.length === 0 ? 'none' : parents.join(', ')}`,
    `- Filter: ${filter.join(', ')}`,
  ];
  return [...lines, ...(rest.length === 0 ? [] : ['', ...rest])].join('\n');
}

const unquoted = (text: string): string => /^([`"'*_]{1,3})(.+)\1$/.exec(text)?.[2] ?? text;

function listOf(text: string): readonly string[] {
  if (NOTHING.test(text)) return [];
  return text
    .split(/[,\s]+/)
    .map(unquoted)
    .filter(item => item !== '');
}

function trimmed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex(line => line.trim() !== '');
  if (first < 0) return [];
  let last = lines.length - 1;
  while (lines[last]?.trim() === '') last -= 1;
  return lines.slice(first, last + 1);
}
