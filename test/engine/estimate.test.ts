import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate } from '../../src/engine/estimate.js';
import { buildGraph } from '../../src/engine/graph.js';
import { decodeDagFile } from '../../src/protocol/dagFileCodec/index.js';
import { blockId } from '../../src/protocol/ids.js';

type Parameters0 = Parameters<typeof estimate>[0];

/** Blocks by name: parents, seconds and bytes of the last run (`null`: none). */
function projectOf(
  blocks: Readonly<Record<string, readonly [string[], readonly [number, number] | null]>>,
): Parameters0 {
  const text = JSON.stringify({
    version: 1,
    name: 'n',
    blocks: Object.fromEntries(
      Object.entries(blocks).map(([id, [parents]]) => [id, { notebook: `${id}.ipynb`, parents }]),
    ),
  });
  const decoded = decodeDagFile(text);
  assert.ok(decoded.ok);
  const graph = buildGraph(decoded.value.dag);
  assert.ok(graph.ok);
  const memories = Object.values(blocks).map(([, last]) => ({
    memory: { last: last === null ? null : { seconds: last[0], peakBytes: last[1] } },
  }));
  return { graph: graph.value, snapshot: { blocks: memories } } as unknown as Parameters0;
}
const ids = (...names: string[]) => names.map(blockId);

const DIAMOND = projectOf({
  top: [[], [1, 10]],
  left: [['top'], [4, 100]],
  right: [['top'], [3, 30]],
  bottom: [
    ['left', 'right'],
    [2, 5],
  ],
});

test('branches run beside each other where there are workers', () => {
  const all = ids('top', 'left', 'right', 'bottom');
  assert.deepEqual(estimate(DIAMOND, all, 2), { seconds: 7, workSeconds: 10, peakBytes: 130, unknown: [] });
  assert.deepEqual(estimate(DIAMOND, all, 1), { seconds: 10, workSeconds: 10, peakBytes: 100, unknown: [] });
});

test('only what runs takes time', () => {
  assert.deepEqual(estimate(DIAMOND, ids('right', 'bottom'), 2), {
    seconds: 5,
    workSeconds: 5,
    peakBytes: 30,
    unknown: [],
  });
  assert.deepEqual(estimate(DIAMOND, [], 2), { seconds: 0, workSeconds: 0, peakBytes: 0, unknown: [] });
});

test('a block that never ran is taken for an average one', () => {
  const project = projectOf({ a: [[], [2, 10]], b: [['a'], null], c: [['b'], [4, 30]] });
  assert.deepEqual(estimate(project, ids('a', 'b', 'c'), 4), {
    seconds: 9,
    workSeconds: 9,
    peakBytes: 30,
    unknown: ['b'],
  });
});
