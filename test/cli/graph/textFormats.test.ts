// Mermaid and DOT are read again by strict readers of the little of those languages that is written.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dotText } from '../../../src/cli/graph/dot.js';
import { mermaidText } from '../../../src/cli/graph/mermaid.js';
import { harmless, STATES, type DrawnGraph } from '../../../src/dagLayout/index.js';
import { everyState, graphNamed, NAMES } from './example.js';

const names = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...NAMES)), { maxLength: 8 });

interface Read {
  readonly labels: Map<string, string>;
  readonly edges: (readonly [from: string, to: string, label: string])[];
}

/** Only letters, digits, harmless signs, entities, and the markup that is ours may stand in quotes. */
const MERMAID_TEXT = /^(?:[\p{L}\p{N} _.,:·→'=/+✓◆◇•◐■○⊘❄-]|#\d+;|<br\/>|<\/?small>)*$/u;

function readMermaid(text: string): Read {
  const [fence, title, end, head, ...lines] = text.trimEnd().split('\n');
  assert.deepEqual([fence, end, head], ['---', '---', 'flowchart TB']);
  assert.equal(typeof JSON.parse(title!.replace(/^title: /, '')), 'string');
  const read: Read = { labels: new Map(), edges: [] };
  const label = (quoted: string): string => {
    assert.match(quoted, MERMAID_TEXT);
    return quoted.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  };
  for (const line of lines) {
    const node = /^ {2}(n\d+)\["([^"]*)"\](?::::([a-z]+))?$/.exec(line);
    const edge = /^ {2}(n\d+) (?:-->|-\.->)(?:\|"([^"]*)"\|)? (n\d+)$/.exec(line);
    if (node !== null) read.labels.set(node[1]!, label(node[2]!));
    else if (edge !== null) read.edges.push([edge[1]!, edge[3]!, label(edge[2] ?? '')]);
    else
      assert.match(
        line,
        /^ {2}classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}(?:,stroke-dasharray:4 3)?$/,
      );
  }
  return read;
}

const QUOTED = '"(?:[^"\\\\]|\\\\[\\\\"n])*"';

function readDot(text: string): Read {
  const lines = text.trimEnd().split('\n');
  assert.match(lines.shift()!, new RegExp(`^digraph ${QUOTED} \\{$`));
  assert.equal(lines.pop(), '}');
  const value = `(?:${QUOTED}|[A-Za-z0-9]+)`;
  const list = `\\[[a-z]+=${value}(?:, [a-z]+=${value})*\\]`;
  const statement = new RegExp(`^ {2}(graph|node|edge|n\\d+)(?: -> (n\\d+))? (${list})$`);
  const read: Read = { labels: new Map(), edges: [] };
  for (const line of lines) {
    const match = statement.exec(line);
    assert.ok(match !== null, line);
    const quoted = new RegExp(`\\blabel=(${QUOTED})`).exec(match[3]!)?.[1] ?? '""';
    assert.doesNotMatch(quoted.replace(/&#\d+;/g, ''), /[&<>]/);
    const label = quoted
      .slice(1, -1)
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    if (match[2] !== undefined) read.edges.push([match[1]!, match[2], label]);
    else if (match[1]!.startsWith('n') && match[1] !== 'node') read.labels.set(match[1]!, label);
  }
  return read;
}

for (const [format, write, read] of [
  ['Mermaid', mermaidText, readMermaid],
  ['DOT', dotText, readDot],
] as const) {
  describe(format, () => {
    const check = (graph: DrawnGraph): void => {
      const { labels, edges } = read(write(graph));
      assert.equal(labels.size, graph.size);
      graph.nodes.forEach(({ id }, place) => {
        const label = labels.get(`n${String(place)}`) ?? '';
        assert.ok(label.includes(harmless(id)), `${label} has not ${id}`);
      });
      assert.deepEqual(
        edges.map(([from, to]) => [from, to]),
        graph.edges.map(({ from, to }) => [`n${String(from)}`, `n${String(to)}`]),
      );
    };

    test('every block with its state, every edge with what crosses it', () => {
      check(everyState);
      const text = write(everyState);
      const { labels, edges } = read(text);
      STATES.forEach((state, place) =>
        assert.match(labels.get(`n${String(place)}`)!, new RegExp(`\\b${state}\\b`)),
      );
      assert.match(labels.get('n1')!, /cell 2 changed/);
      assert.equal(edges[0]![2], 'df, stats as numbers');
      assert.equal(edges[2]![2], 'order only');
      assert.equal(edges[3]![2], 'whole session');
    });

    test('names are text, whatever they are made of', () => {
      check(graphNamed(NAMES));
      fc.assert(fc.property(names, some => check(graphNamed(some))));
    });
  });
}
