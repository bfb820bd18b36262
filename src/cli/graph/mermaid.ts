/** The graph for Mermaid, which Markdown viewers draw. Ids are our own, so that no name can be taken for syntax. */
import { harmless, labelOf, LOOKS, remarkOf, STATES, type DrawnGraph } from '../../dagLayout/index.js';

/** Beyond these Mermaid refuses to draw unless it is told otherwise. */
export const MOST_EDGES = 500;
export const MOST_CHARACTERS = 50_000;

export function mermaidText(graph: DrawnGraph): string {
  const lines = ['---', `title: ${JSON.stringify(harmless(graph.project))}`, '---', 'flowchart TB'];
  graph.nodes.forEach((node, index) => {
    const { state } = node;
    const sign = state === null ? '' : `${LOOKS[state].sign} `;
    const remark = remarkOf(node);
    const text = `${sign}${quoted(harmless(node.id))}${remark === '' ? '' : `<br/><small>${quoted(remark)}</small>`}`;
    lines.push(`  n${String(index)}["${text}"]${state === null ? '' : `:::${state}`}`);
  });
  for (const edge of graph.edges) {
    const label = quoted(labelOf(edge));
    const arrow = edge.kind === 'order' ? '-.->' : '-->';
    lines.push(`  n${String(edge.from)} ${arrow}${label === '' ? '' : `|"${label}"|`} n${String(edge.to)}`);
  }
  const used = new Set(graph.nodes.map(({ state }) => state));
  for (const state of STATES) {
    if (!used.has(state)) continue;
    const { tint, ink } = LOOKS[state];
    const dashes = state === 'never' ? ',stroke-dasharray:4 3' : '';
    lines.push(`  classDef ${state} fill:${tint},stroke:${ink[0]},color:#212121${dashes}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Mermaid's own escapes: `#` with a number and `;`. What markup, Markdown and its syntax are made of goes that way. */
const quoted = (text: string): string =>
  text.replace(/[^\p{L}\p{N} _.,:·→'=/+-]/gu, character => `#${String(character.codePointAt(0))};`);
