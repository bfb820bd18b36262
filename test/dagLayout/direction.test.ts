import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut, pathOf, pointOnLastStretch } from '../../src/dagLayout/index.js';
import { graphs, spacing } from './graphs.js';

test('to the right: children stand right of their parents, and no block lies on another', () => {
  fc.assert(
    fc.property(graphs, graph => {
      const { x, y, layers, width, height, routes } = layOut(graph, spacing, 'right');
      for (const { from, to } of graph.edges) assert.ok(x[from]! + spacing.nodeWidth < x[to]!);
      for (let a = 0; a < graph.size; a += 1) {
        assert.ok(x[a]! + spacing.nodeWidth <= width + 1e-6 && y[a]! + spacing.nodeHeight <= height + 1e-6);
        for (let b = 0; b < a; b += 1)
          assert.ok(
            Math.abs(x[a]! - x[b]!) >= spacing.nodeWidth || Math.abs(y[a]! - y[b]!) >= spacing.nodeHeight,
          );
      }
      for (const { from, to, start, end } of routes) {
        assert.deepEqual(start, { x: x[from]! + spacing.nodeWidth, y: y[from]! + spacing.nodeHeight / 2 });
        assert.equal(end.x, x[to]!);
      }
      assert.equal(layers.flat().length, graph.size);
    }),
  );
});

const numbersOf = (way: string): number[] => (way.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);

test('a path begins and ends where its route does, in both directions', () => {
  fc.assert(
    fc.property(graphs, fc.constantFrom('down' as const, 'right' as const), (graph, direction) => {
      for (const route of layOut(graph, spacing, direction).routes) {
        const way = pathOf(route, direction);
        const numbers = numbersOf(way);
        assert.ok(Math.abs(numbers[0]! - route.start.x) < 0.1 && Math.abs(numbers[1]! - route.start.y) < 0.1);
        const last = numbers[numbers.length - 1]!;
        // A straight last piece names only the coordinate that grows.
        const expected = /[VH][^VHC]*$/.test(way)
          ? direction === 'down'
            ? route.end.y
            : route.end.x
          : route.end.y;
        assert.ok(Math.abs(last - expected) < 0.1, way);
        assert.doesNotMatch(way, direction === 'down' ? /H/ : /V/);
        const end = pointOnLastStretch(route, direction, 1);
        assert.ok(Math.abs(end.x - route.end.x) < 1e-6 && Math.abs(end.y - route.end.y) < 1e-6);
      }
    }),
  );
});

test('around a block in between, a path passes it in its lane', () => {
  const graph = {
    size: 3,
    edges: [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 0, to: 2 },
    ],
  };
  const layout = layOut(graph, spacing, 'right');
  const [bend] = layout.routes[2]!.bends;
  assert.ok(bend!.lane < layout.y[1]! || bend!.lane > layout.y[1]! + spacing.nodeHeight);
  assert.equal(bend!.begin, layout.x[1]!);
  assert.ok(pathOf(layout.routes[2]!, 'right').includes(`H${String(bend!.end)}`));
});
