import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ancestorsOf, buildGraph, descendantsOf, isDescendant, type Graph } from '../../src/engine/index.js';
import { IndexQueue } from '../../src/engine/indexQueue.js';
import { marked } from '../../src/engine/marks.js';
import type { DagFile } from '../../src/protocol/dagFile.js';
import { blockId } from '../../src/protocol/ids.js';

type Rows = readonly (readonly [id: string, parents: readonly string[], after?: readonly string[]])[];

function dagOf(rows: Rows, more: Partial<DagFile> = {}): DagFile {
  return {
    version: 1,
    name: 'graph',
    kernel: 'toy',
    cache: { keep: 3 },
    parameters: new Map(),
    seed: 0,
    tags: new Map(),
    blocks: rows.map(([id, parents, after = []]) => ({
      id: blockId(id),
      notebook: `${id}.ipynb`,
      parents: parents.map(parent => ({ block: blockId(parent) })),
      filter: { kind: 'auto' },
      run: 'auto',
      inputs: [],
      outputs: [],
      env: [],
      after: after.map(blockId),
      tags: new Map(),
      retries: 0,
    })),
    ...more,
  };
}

function graphOf(rows: Rows): Graph {
  const graph = buildGraph(dagOf(rows));
  assert.ok(graph.ok);
  return graph.value;
}

const problemsOf = (rows: Rows, more: Partial<DagFile> = {}) => {
  const graph = buildGraph(dagOf(rows, more));
  return graph.ok ? [] : graph.problems;
};
const namesIn = (graph: Graph, marks: Uint8Array) =>
  [...marked(marks)].map(index => graph.ids[index]).join(' ');
const orderOf = (graph: Graph) => Array.from(graph.order, index => graph.ids[index]).join(' ');

//      a
//     / \
//    b   c     e   (after d)
//     \ /     /
//      d ····
const diamond: Rows = [
  ['a', []],
  ['b', ['a']],
  ['c', ['a']],
  ['d', ['b', 'c']],
  ['e', [], ['d']],
];

test('closures follow edges for order too, descent of values does not', () => {
  const graph = graphOf(diamond);
  assert.equal(namesIn(graph, ancestorsOf(graph, [4])), 'a b c d e');
  assert.equal(namesIn(graph, ancestorsOf(graph, [1])), 'a b');
  assert.equal(namesIn(graph, descendantsOf(graph, [1])), 'b d e');
  assert.equal(isDescendant(graph, 0, 3), true);
  assert.equal(isDescendant(graph, 1, 2), false);
  assert.equal(isDescendant(graph, 3, 4), false);
});

test('rows are those of the file, whether a block has few parents or many, repeated or not', () => {
  const edges = fc.array(fc.nat(19), { maxLength: 14 });
  // Blocks in front, so that what is looked up together begins in the middle of the others.
  fc.assert(
    fc.property(
      fc.array(fc.record({ parents: edges, after: edges }), { minLength: 1, maxLength: 20 }),
      fc.constantFrom(0, 1010, 1024),
      (blocks, inFront) => {
        const before = Array.from({ length: inFront }, (_, place) => [`f${place}`, []] as const);
        const above = (parents: readonly number[], block: number) =>
          parents.filter(parent => parent < block).map(parent => `b${parent}`);
        const rows = blocks.map(
          ({ parents, after }, block) => [`b${block}`, above(parents, block), above(after, block)] as const,
        );
        const graph = graphOf([...before, ...rows]);
        const row = (start: Int32Array, list: Int32Array, index: number, end = start[index + 1]!) =>
          Array.from(list.subarray(start[index]!, end), parent => graph.ids[parent]);
        for (const [block, [, parents, after]] of rows.entries()) {
          const index = inFront + block;
          const once = [...new Set(parents)];
          assert.deepEqual(row(graph.edgeStart, graph.edgeParent, index), parents);
          assert.deepEqual(row(graph.parentStart, graph.parents, index), [...new Set([...once, ...after])]);
          assert.deepEqual(row(graph.parentStart, graph.parents, index, graph.valueEnd[index]), once);
        }
      },
    ),
  );
});

test('topological order keeps notebook order where edges leave a choice', () => {
  assert.equal(
    orderOf(
      graphOf([
        ['z', ['y']],
        ['x', []],
        ['y', []],
        ['w', ['x']],
      ]),
    ),
    'x y z w',
  );
});

test('a repeated edge is one edge', () => {
  const graph = graphOf([
    ['a', []],
    ['b', ['a', 'a'], ['a']],
  ]);
  assert.equal(graph.parents.length, 1);
  assert.equal(graph.edgeParent.length, 2);
  assert.equal(orderOf(graph), 'a b');
});

test('a cycle is told by its path, whatever hangs on it', () => {
  const [problem, ...others] = problemsOf([
    ['a', ['c']],
    ['b', ['a']],
    ['c', ['b', 'root']],
    ['d', ['c']],
    ['root', []],
  ]);
  assert.equal(problem?.code, 'cycle');
  assert.match(problem.message, /: a → b → c → a$|: b → c → a → b$|: c → a → b → c$/);
  assert.deepEqual(others, []);
  assert.match(problemsOf([['a', ['a']]])[0]!.message, /: a → a$/);
  assert.equal(
    problemsOf([
      ['a', [], ['b']],
      ['b', ['a']],
    ])[0]?.code,
    'cycle',
  );
});

test('every fault is named at once', () => {
  const codes = problemsOf(
    [
      ['a', ['nobody']],
      ['a', [], ['no one']],
      ['p', ['a']],
    ],
    { prelude: blockId('p') },
  ).map(({ code }) => code);
  assert.deepEqual(codes, ['duplicate-block', 'unknown-parent', 'unknown-parent', 'prelude-has-parents']);
  assert.deepEqual(
    problemsOf([], { prelude: blockId('p') }).map(({ code }) => code),
    ['unknown-prelude'],
  );
});

test('order and closures agree with their definitions on random graphs', () => {
  const rows = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(rows, fc.nat(30), (parents, shift) => {
      // Listed in another order than the edges run.
      const place = (index: number) => (index * 17 + shift) % parents.length;
      const isShuffled = new Set(parents.map((_, index) => place(index))).size === parents.length;
      const listed = parents.map((_, index) => (isShuffled ? place(index) : index));
      const graph = graphOf(
        listed.map(index => [
          `b${index}`,
          index === 0 ? [] : parents[index]!.map(parent => `b${parent % index}`),
        ]),
      );
      for (let block = 0; block < graph.size; block += 1) {
        for (const parent of graph.parents.subarray(graph.parentStart[block], graph.parentStart[block + 1])) {
          assert.ok(graph.rank[parent]! < graph.rank[block]!);
        }
        const above = ancestorsOf(graph, [block]);
        for (let other = 0; other < graph.size; other += 1) {
          assert.equal(isDescendant(graph, other, block), other !== block && above[other] === 1);
          assert.equal(descendantsOf(graph, [other])[block], above[other]);
        }
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('the index queue gives its least member, each once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 5000 })), moves => {
      const queue = new IndexQueue(5001);
      const model = new Set<number>();
      for (const move of moves) {
        if (move >= 0) {
          queue.add(move);
          model.add(move);
        } else {
          const least = model.size === 0 ? -1 : Math.min(...model);
          model.delete(least);
          assert.equal(queue.takeLeast(), least);
        }
        assert.equal(queue.size, model.size);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});
