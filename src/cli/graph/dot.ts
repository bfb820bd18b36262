/** The graph for Graphviz. */
import {
  harmless,
  labelOf,
  LOOKS,
  reasonsOf,
  remarkOf,
  variableLines,
  type DrawnGraph,
} from '../../dagLayout/index.js';

export function dotText(graph: DrawnGraph): string {
  const lines = [
    `digraph ${quoted(graph.project)} {`,
    '  graph [rankdir=TB, fontname="sans-serif"]',
    '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", color="#9aa0a6", fontname="sans-serif", fontsize=11]',
    '  edge [color="#8b929a", fontname="sans-serif", fontsize=9]',
  ];
  graph.nodes.forEach((node, index) => {
    const { state } = node;
    const remark = remarkOf(node);
    const name = harmless(node.id);
    const label = [
      state === null ? name : `${LOOKS[state].sign} ${name}`,
      ...(remark === '' ? [] : [remark]),
    ];
    const attributes = [`label=${quoted(...label)}`, `tooltip=${quoted(name, reasonsOf(node) || remark)}`];
    if (state !== null) {
      const { tint, ink } = LOOKS[state];
      const style = state === 'never' ? 'rounded,filled,dashed' : 'rounded,filled';
      attributes.push(`class="${state}"`, `fillcolor="${tint}"`, `color="${ink[0]}"`, `style="${style}"`);
    }
    lines.push(`  n${String(index)} [${attributes.join(', ')}]`);
  });
  for (const edge of graph.edges) {
    const attributes = [`label=${quoted(labelOf(edge))}`, `tooltip=${quoted(...variableLines(edge))}`];
    if (edge.kind === 'order') attributes.push('style=dashed');
    lines.push(`  n${String(edge.from)} -> n${String(edge.to)} [${attributes.join(', ')}]`);
  }
  lines.push('}', '');
  return lines.join('\n');
}

/** Lines as one string of Graphviz, in which a backslash begins an escape and `&` an entity. */
const quoted = (...lines: readonly string[]): string =>
  `"${lines.map(line => harmless(line).replace(/[\\"]/g, '\\$&').replace(/[&<>]/g, entityOf)).join('\\n')}"`;

const entityOf = (character: string): string => `&#${String(character.charCodeAt(0))};`;
