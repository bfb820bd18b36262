/** The one stable form of a new `dag.json`: two spaces, a block a line as long as it fits. */
import { formatShort, type JsonStyle } from '../jsonFormat.js';
import type { Filter, Json, ParentEdge } from '../dagFile.js';

export const LINE_WIDTH = 120;

const STYLE: JsonStyle = { newline: '\n', unit: '  ' };

export interface NewBlock {
  readonly id: string;
  readonly notebook: string;
  readonly parents?: readonly ParentEdge[];
  readonly filter?: Filter;
  readonly cwd?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly tags?: { readonly [name: string]: string };
}

export interface NewProject {
  readonly name: string;
  readonly kernel: string;
  readonly parameters?: { readonly [name: string]: Json };
  readonly prelude?: string;
  readonly blocks: readonly NewBlock[];
}

/** Text of a new project's file. */
export function formatNewDagFile(project: NewProject): string {
  const members: [string, string][] = [
    ['version', '1'],
    ['name', JSON.stringify(project.name)],
    ['kernel', JSON.stringify(project.kernel)],
  ];
  if (project.parameters !== undefined)
    members.push(['parameters', formatShort(project.parameters, STYLE, '  ', LINE_WIDTH)]);
  if (project.prelude !== undefined) members.push(['prelude', JSON.stringify(project.prelude)]);
  members.push(['blocks', expandedBlocks(project.blocks)]);
  return `{\n${members.map(([key, value]) => `  ${JSON.stringify(key)}: ${value}`).join(',\n')}\n}\n`;
}

function expandedBlocks(blocks: readonly NewBlock[]): string {
  if (blocks.length === 0) return '{}';
  const lines = blocks.map(block => `    ${JSON.stringify(block.id)}: ${formatBlock(block, STYLE, '    ')}`);
  return `{\n${lines.join(',\n')}\n  }`;
}

/** Text of one block's value; what equals its default is left out. */
export function formatBlock(block: NewBlock, style: JsonStyle, indent: string): string {
  const some = <Value>(list: readonly Value[] | undefined) => (list && list.length > 0 ? list : undefined);
  const raw = {
    notebook: block.notebook,
    parents: some(block.parents)?.map(edgeValue),
    filter: block.filter && block.filter.kind !== 'auto' ? filterValue(block.filter) : undefined,
    cwd: block.cwd,
    inputs: some(block.inputs),
    outputs: some(block.outputs),
    tags: block.tags,
  };
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
  return formatShort(given, style, indent, LINE_WIDTH - JSON.stringify(block.id).length - 3);
}

export function filterValue(filter: Filter): Json {
  return filter.kind === 'names' ? filter.patterns : filter.kind;
}

export function edgeValue(edge: ParentEdge): Json {
  return edge.use === undefined ? edge.block : { block: edge.block, use: Object.fromEntries(edge.use) };
}
