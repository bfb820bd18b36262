import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockView } from '../../src/protocol/resident/view.js';
import { STATE_SHAPES } from '../../src/protocol/stateShapes.js';
import { glyphShape, stateGlyph } from '../../src/lab/stateGlyph.js';
import { about, blockLabel, clock, duration, failureText, listing, reasonText } from '../../src/lab/words.js';
import { trans } from './plainWords.js';

const block = (fields: Partial<BlockView>): BlockView => ({
  id: 'clean',
  uid: '1',
  notebook: 'clean.ipynb',
  state: 'fresh',
  reasons: [],
  parents: [],
  after: [],
  filter: { kind: 'auto' },
  tags: {},
  isPrelude: false,
  seconds: null,
  bytes: null,
  exports: [],
  withheld: [],
  codeCells: 3,
  changedCells: [],
  failure: null,
  progress: null,
  lastRun: null,
  isLocal: false,
  ...fields,
});

test('durations, sizes and estimates are no more exact than they are useful', () => {
  assert.deepEqual(
    [0.003, 0.42, 9.24, 61, 200, 7500].map(seconds => duration(seconds, trans)),
    ['3 ms', '0.42 s', '9.2 s', '61 s', '3 min 20 s', '2 h 5 min'],
  );
  assert.equal(duration(119.7, trans), '2 min 0 s');
  assert.deepEqual(
    [0.2, 9.4, 600, 9000].map(seconds => about(seconds, trans)),
    ['less than a second', 'about 9 s', 'about 10 min', 'about 2.5 h'],
  );
  assert.deepEqual([12, 3725].map(clock), ['00:12', '1:02:05']);
});

test('a list of names is cut, and says by how much', () => {
  assert.equal(listing([], trans), '');
  assert.equal(listing(['a'], trans), 'a');
  assert.equal(listing(['a', 'b', 'c'], trans), 'a, b and c');
  assert.equal(listing(['a', 'b', 'c', 'd', 'e'], trans), 'a, b, c and 2 more');
});

test('the line under a name says what a person wants to know of that state', () => {
  const code = { kind: 'code', detail: 'cell 2 changed' } as const;
  const input = { kind: 'input', detail: 'input df changed' } as const;
  const progress = { done: 2, cells: 5, cell: 4, since: 0, expectedSeconds: null };
  const failure = { message: "KeyError: 'age'", cell: 4, traceback: [], remedy: '' };
  assert.equal(reasonText(block({}), trans), 'fresh');
  assert.equal(reasonText(block({ state: 'stale', reasons: [code] }), trans), 'cell 2 changed');
  assert.equal(
    reasonText(block({ state: 'stale', reasons: [code, input, code] }), trans),
    'cell 2 changed (+1)',
  );
  assert.equal(reasonText(block({ state: 'running', progress }), trans), 'cell 3 of 5');
  assert.equal(reasonText(block({ state: 'failed', failure }), trans), 'KeyError in cell 4');
  assert.equal(
    reasonText(block({ state: 'never', reasons: [{ kind: 'never-run', detail: 'never run' }] }), trans),
    'never run',
  );
  assert.equal(
    failureText({ cell: 2, message: 'the worker was killed\nby signal 9' }, trans),
    'the worker was killed',
  );
});

test('a screen reader hears name, state and reason, and nothing twice', () => {
  assert.equal(blockLabel(block({}), trans), 'clean, fresh');
  assert.equal(
    blockLabel(block({ state: 'stale', reasons: [{ kind: 'code', detail: 'cell 2 changed' }] }), trans),
    'clean, stale: cell 2 changed',
  );
});

test('every state has a shape of its own', () => {
  const shapes = Object.values(STATE_SHAPES);
  assert.equal(new Set(shapes).size, 9);
  assert.ok(stateGlyph('stale').includes(glyphShape('stale')));
});
