import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DOWN, LEFT, rails, RIGHT, UP, type Edge, type LayoutGraph } from '../../src/dagLayout/index.js';
import { graphs, meshOf } from './graphs.js';

/** Follows the drawn rails from each node upwards and says where they come from. */
function edgesSeen(graph: LayoutGraph): Edge[] {
  /** Nodes that a lane leads down from. */
  const lanes: number[] = [];
  const seen: Edge[] = [];
  for (const { node, column, cells, from, to } of rails(graph)) {
    assert.ok(from <= column && column <= to);
    cells.forEach((cell, lane) => {
      const isOpen = (lanes[lane] ?? -1) >= 0;
      if (lane === column) assert.equal((cell & UP) !== 0, isOpen, 'a node under a lane is joined to it');
      else assert.equal((cell & UP) !== 0, isOpen, 'no lane is lost, none begins in the air');
      const joins = lane === column ? isOpen : isOpen && (cell & (LEFT | RIGHT)) !== 0;
      if (joins) seen.push({ from: lanes[lane]!, to: node });
      if (!isOpen && lane > from && lane < to && lane !== column) assert.equal(cell, LEFT | RIGHT);
      if (lane === column) lanes[lane] = (cell & DOWN) === 0 ? -1 : node;
      else if (isOpen && (cell & DOWN) === 0) lanes[lane] = -1;
    });
    for (let lane = cells.length; lane < lanes.length; lane += 1) assert.ok(lanes[lane]! < 0);
  }
  assert.ok(
    lanes.every(node => node < 0),
    'every lane ends',
  );
  return seen;
}

const sorted = (edges: readonly Edge[]): string[] =>
  edges.map(({ from, to }) => `${String(from)} ${String(to)}`).sort();

test('what is drawn is the graph, no edge more or less', () => {
  fc.assert(
    fc.property(graphs, graph => {
      assert.deepEqual(sorted(edgesSeen(graph)), sorted(graph.edges));
    }),
  );
});

test('one line a node, in their order', () => {
  fc.assert(
    fc.property(graphs, graph => {
      const nodes = [...rails(graph)].map(({ node }) => node);
      assert.deepEqual(
        nodes,
        Array.from({ length: graph.size }, (_, node) => node),
      );
    }),
  );
});

test('a chain stays in one lane, a tree needs one a level', () => {
  const chain = { size: 50, edges: Array.from({ length: 49 }, (_, from) => ({ from, to: from + 1 })) };
  for (const { cells } of rails(chain)) assert.equal(cells.length, 1);
  const star = { size: 50, edges: Array.from({ length: 49 }, (_, at) => ({ from: 0, to: at + 1 })) };
  for (const { cells } of rails(star)) assert.ok(cells.length <= 2);
});

test('lines come one by one: the first without work for the others', () => {
  const first = rails(meshOf(5000, 5000)).next();
  assert.ok(first.done !== true && first.value.node === 0);
});

test('as many lanes as nodes that wait for a child', () => {
  const graph = meshOf(5000, 20);
  const last = new Int32Array(graph.size);
  for (const { from, to } of graph.edges) last[from] = Math.max(last[from]!, to);
  let most = 0;
  for (const { cells } of rails(graph)) most = Math.max(most, cells.length);
  assert.ok(most <= 24, String(most));
});
