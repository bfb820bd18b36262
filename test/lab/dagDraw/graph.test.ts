import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linkVerdict, panelGraph, reachable, wayDown } from '../../../src/lab/dagDraw/graph.js';
import { graphs } from '../../dagLayout/graphs.js';
import { edgeView } from './views.js';

const graphOf = (ids: string, ...pairs: readonly string[]) =>
  panelGraph(
    ids.split(' '),
    pairs.map(pair => {
      const [from = '', to = ''] = pair.split(' ');
      return edgeView(from, to);
    }),
  );

test('blocks are numbered topologically, ties in notebook order', () => {
  assert.deepEqual(graphOf('report b a load', 'load a', 'load b', 'a report', 'b report').ids, [
    'load',
    'b',
    'a',
    'report',
  ]);
});

test('whatever comes, every edge goes downwards, and no block is lost', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.tuple(fc.nat(30), fc.nat(30))), ({ size, edges }, others) => {
      const ids = Array.from({ length: size }, (_, node) => `b${String(node)}`);
      const all = [...edges.map(({ from, to }) => [from, to] as const), ...others].map(([from, to]) =>
        edgeView(`b${String(from)}`, `b${String(to)}`),
      );
      // Notebook order is not topological, and there may be cycles and edges of unknown blocks.
      const graph = panelGraph([...ids].reverse(), all);
      assert.deepEqual([...graph.ids].sort(), [...ids].sort());
      for (const { from, to } of graph.edges) assert.ok(from < to);
      assert.equal(new Set(graph.edges.map(({ key }) => key)).size, graph.edges.length);
      const plain = panelGraph(
        ids,
        edges.map(({ from, to }) => edgeView(`b${String(from)}`, `b${String(to)}`)),
      );
      assert.equal(plain.edges.length, edges.length);
    }),
  );
});

test('what is below and above', () => {
  const graph = graphOf('load clean a b model', 'load clean', 'clean a', 'clean b', 'a model', 'b model');
  const names = (nodes: ReadonlySet<number>) => [...nodes].map(node => graph.ids[node]).sort();
  assert.deepEqual(names(reachable(graph.children, [graph.nodeOf.get('a')!])), ['model']);
  assert.deepEqual(names(reachable(graph.parents, [graph.nodeOf.get('a')!, graph.nodeOf.get('b')!])), [
    'clean',
    'load',
  ]);
});

test('a link that would close a cycle is told with the shortest way around', () => {
  const graph = graphOf('load clean a b model', 'load clean', 'clean a', 'a b', 'b model', 'clean model');
  assert.deepEqual(linkVerdict(graph, 'model', 'load'), {
    kind: 'cycle',
    way: ['model', 'load', 'clean', 'model'],
  });
  assert.deepEqual(linkVerdict(graph, 'load', 'load'), { kind: 'self' });
  assert.deepEqual(linkVerdict(graph, 'load', 'clean'), { kind: 'linked' });
  assert.deepEqual(linkVerdict(graph, 'load', 'model'), { kind: 'possible' });
});

test('an edge of order alone may become one of values', () => {
  const graph = panelGraph(['a', 'b'], [edgeView('a', 'b', { kind: 'order' })]);
  assert.deepEqual(linkVerdict(graph, 'a', 'b'), { kind: 'possible' });
});

test('a link is refused exactly where the other way round there is a way', () => {
  fc.assert(
    fc.property(graphs, fc.nat(23), fc.nat(23), ({ size, edges }, a, b) => {
      fc.pre(a !== b && a < size && b < size);
      const ids = Array.from({ length: size }, (_, node) => `b${String(node)}`);
      const graph = panelGraph(
        ids,
        edges.map(({ from, to }) => edgeView(ids[from]!, ids[to]!)),
      );
      const verdict = linkVerdict(graph, ids[a]!, ids[b]!);
      const isBelow = reachable(graph.children, [graph.nodeOf.get(ids[b]!)!]).has(graph.nodeOf.get(ids[a]!)!);
      assert.equal(verdict.kind === 'cycle', isBelow);
      if (verdict.kind !== 'cycle') return;
      assert.equal(verdict.way[0], verdict.way.at(-1));
      for (let step = 1; step + 1 < verdict.way.length; step += 1) {
        const [from, to] = [graph.nodeOf.get(verdict.way[step]!)!, graph.nodeOf.get(verdict.way[step + 1]!)!];
        assert.ok(graph.children[from]!.includes(to));
      }
      assert.equal(wayDown(graph, graph.nodeOf.get(ids[a]!)!, graph.nodeOf.get(ids[b]!)!), null);
    }),
  );
});
