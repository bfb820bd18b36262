import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { layOut, type Edge, type Layout, type LayoutGraph } from '../../src/dagLayout/index.js';
import { graphs, meshOf, spacing } from './graphs.js';

const edgesOf = (...pairs: readonly (readonly [number, number])[]): readonly Edge[] =>
  pairs.map(([from, to]) => ({ from, to }));

/** Lengths are computed in floating point. */
const SLACK = 1e-6;

function checkNodes(graph: LayoutGraph, layout: Layout): void {
  for (const { from, to } of graph.edges) {
    assert.ok(layout.layer[from]! < layout.layer[to]!, `layer of ${String(from)} → ${String(to)}`);
    assert.ok(layout.y[from]! + spacing.nodeHeight < layout.y[to]!);
  }
  for (let a = 0; a < graph.size; a += 1) {
    assert.ok(layout.x[a]! >= -SLACK && layout.x[a]! + spacing.nodeWidth <= layout.width + SLACK);
    assert.ok(layout.y[a]! >= -SLACK && layout.y[a]! + spacing.nodeHeight <= layout.height + SLACK);
    for (let b = a + 1; b < graph.size; b += 1) {
      const apart =
        Math.abs(layout.x[a]! - layout.x[b]!) >= spacing.nodeWidth + spacing.columnGap / 2 ||
        Math.abs(layout.y[a]! - layout.y[b]!) >= spacing.nodeHeight + spacing.rowGap / 2;
      assert.ok(apart, `${String(a)} lies on ${String(b)}`);
    }
  }
  assert.deepEqual(
    layout.layers.flat().sort((a, b) => a - b),
    Array.from({ length: graph.size }, (_, node) => node),
  );
  layout.layers.forEach((members, at) => members.forEach(node => assert.equal(layout.layer[node], at)));
}

function checkRoutes(graph: LayoutGraph, layout: Layout): void {
  assert.deepEqual(
    layout.routes.map(({ from, to }) => ({ from, to })),
    graph.edges,
  );
  for (const { from, to, start, bends, end, direct } of layout.routes) {
    const middle = layout.x[from]! + spacing.nodeWidth / 2;
    assert.deepEqual(start, { x: middle, y: layout.y[from]! + spacing.nodeHeight });
    assert.ok(end.x > layout.x[to]! && end.x < layout.x[to]! + spacing.nodeWidth);
    assert.equal(end.y, layout.y[to]!);
    if (direct) continue;
    assert.equal(bends.length, layout.layer[to]! - layout.layer[from]! - 1);
    let above = start.y;
    for (const { lane: x, begin: top, end: bottom } of bends) {
      assert.ok(above < top && top < bottom);
      above = bottom;
      for (let node = 0; node < graph.size; node += 1) {
        const beside = x < layout.x[node]! || x > layout.x[node]! + spacing.nodeWidth;
        const clear = bottom <= layout.y[node]! || top >= layout.y[node]! + spacing.nodeHeight;
        assert.ok(beside || clear, `edge ${String(from)} → ${String(to)} runs over ${String(node)}`);
      }
    }
    assert.ok(above < end.y);
  }
}

describe('any graph', () => {
  test('parents stand above their children, and no block lies on another', () => {
    fc.assert(fc.property(graphs, graph => checkNodes(graph, layOut(graph, spacing))));
  });

  test('every edge is drawn from block to block, and over none in between', () => {
    fc.assert(fc.property(graphs, graph => checkRoutes(graph, layOut(graph, spacing))));
  });

  test('both hold where layers may not be wide, and no layer is wider', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 4 }), (graph, widest) => {
        const layout = layOut(graph, { ...spacing, widest });
        checkNodes(graph, layout);
        checkRoutes(graph, layout);
        const isConnected =
          layout.layers.flat().length > 0 && new Set(graph.edges.map(({ to }) => to)).size === graph.size - 1;
        if (isConnected) for (const members of layout.layers) assert.ok(members.length <= widest);
      }),
    );
  });

  test('the same graph gives the same layout', () => {
    fc.assert(
      fc.property(graphs, graph => {
        assert.deepEqual(layOut(graph, spacing), layOut(structuredClone(graph), spacing));
      }),
    );
  });
});

describe('particular graphs', () => {
  test('nothing', () => {
    const { width, height, routes } = layOut({ size: 0, edges: [] }, spacing);
    assert.deepEqual({ width, height, routes }, { width: 0, height: 0, routes: [] });
  });

  test('a chain is one upright line', () => {
    const { x, routes } = layOut({ size: 4, edges: edgesOf([0, 1], [1, 2], [2, 3]) }, spacing);
    assert.deepEqual([...x], [0, 0, 0, 0]);
    for (const { start, end } of routes) assert.equal(start.x, end.x);
  });

  test('a parent stands in the middle above its children', () => {
    const { x } = layOut({ size: 4, edges: edgesOf([0, 1], [0, 2], [0, 3]) }, spacing);
    assert.equal(x[0], (x[1]! + x[3]!) / 2);
    assert.equal(x[0], x[2]);
  });

  test('trees and ladders have no crossings', () => {
    const tree = Array.from({ length: 62 }, (_, node): Edge => ({ from: node >> 1, to: node + 1 }));
    assert.equal(layOut({ size: 63, edges: tree }, spacing).crossings, 0);
    const ladder = Array.from({ length: 40 }, (_, node) => node).flatMap(node => [
      { from: node, to: node + 2 },
      ...(node % 2 === 0 ? [{ from: node, to: node + 3 }] : []),
    ]);
    assert.equal(layOut({ size: 44, edges: ladder }, spacing).crossings, 0);
  });

  test('two rows in the wrong order are put in the right one', () => {
    const edges = edgesOf([0, 7], [1, 6], [2, 5], [3, 4], [0, 6], [1, 5], [2, 4]);
    assert.equal(layOut({ size: 8, edges }, spacing).crossings, 0);
  });

  test('a source stands right above its only child', () => {
    const { layer } = layOut({ size: 5, edges: edgesOf([0, 1], [1, 2], [2, 4], [3, 4]) }, spacing);
    assert.equal(layer[3], 2);
  });

  test('blocks without edges stand side by side, in rows', () => {
    const { x, y, width, height } = layOut({ size: 30, edges: [] }, spacing);
    assert.ok(new Set(x).size > 3 && new Set(y).size > 3 && width < 4 * height);
  });

  test('an edge that goes backwards is refused', () => {
    for (const edge of [
      [1, 0],
      [0, 0],
      [0, 2],
      [-1, 1],
      [0.5, 1],
    ] as const)
      assert.throws(() => layOut({ size: 2, edges: edgesOf(edge) }, spacing), RangeError);
  });
});

describe('large graphs', () => {
  for (const near of [30, Infinity]) {
    test(`work grows as the graph does, parents ${near === 30 ? 'near' : 'anywhere'} above`, () => {
      for (const size of [1000, near === 30 ? 20_000 : 5000]) {
        const graph = meshOf(size, Math.min(near, size));
        const { effort, routes } = layOut(graph, { ...spacing, widest: 60 });
        assert.equal(routes.length, graph.edges.length);
        assert.ok(effort < 1500 * (size + routes.length), `${String(size)}: ${String(effort)}`);
      }
    });
  }

  test('a chain of 5,000 with an edge from the first to each is drawn, the longest edges straight', () => {
    const edges = Array.from({ length: 4999 }, (_, node): Edge => ({ from: node, to: node + 1 }));
    for (let to = 2; to < 5000; to += 1) edges.push({ from: 0, to });
    for (let from = 1; from < 4998; from += 7) edges.push({ from, to: 4999 });
    const { routes, effort } = layOut({ size: 5000, edges }, spacing);
    assert.equal(routes.length, edges.length);
    assert.ok(routes.some(({ direct }) => direct) && routes.some(({ direct }) => !direct));
    assert.ok(effort < 2000 * edges.length, String(effort));
  });
});
