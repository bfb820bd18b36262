import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockRows, reordered, typedAhead } from '../../src/lab/sidebar/rows.js';

const block = (id: string, ...parents: readonly string[]) => ({
  id,
  parents: parents.map(parent => ({ block: parent, use: null })),
  after: [],
});

const listed = (blocks: readonly ReturnType<typeof block>[]) => blockRows(blocks).map(({ id }) => id);

test('blocks are listed below their parents, otherwise as dag.json has them', () => {
  assert.deepEqual(listed([block('a'), block('b'), block('c')]), ['a', 'b', 'c']);
  assert.deepEqual(listed([block('report', 'model'), block('load'), block('model', 'load'), block('x')]), [
    'load',
    'model',
    'report',
    'x',
  ]);
  assert.deepEqual(
    listed(Array.from({ length: 60 }, (_, place) => block(`b${place}`))),
    Array.from({ length: 60 }, (_, place) => `b${place}`),
  );
});

test('order without values makes a rail too, once beside an edge with values', () => {
  const rows = blockRows([block('a'), { ...block('b', 'a'), after: ['a'] }, { ...block('c'), after: ['b'] }]);
  assert.deepEqual(
    rows.map(({ rail }) => rail?.column),
    [0, 0, 0],
  );
});

test('a circle and a parent that is not there still give a list', () => {
  assert.deepEqual(blockRows([block('a', 'b'), block('b', 'a')]), [
    { id: 'a', rail: null },
    { id: 'b', rail: null },
  ]);
  assert.deepEqual(listed([block('a', 'gone'), block('b', 'a')]), ['a', 'b']);
});

test('a block moves among those that neither need it nor are needed by it', () => {
  const blocks = [block('load'), block('clean', 'load'), block('model', 'clean'), block('plot', 'clean')];
  assert.deepEqual(reordered(blocks, 'plot', 'model'), ['load', 'clean', 'plot', 'model']);
  assert.equal(reordered(blocks, 'plot', 'clean'), null);
  assert.equal(reordered(blocks, 'load', null), null);
  assert.equal(reordered(blocks, 'model', 'model'), null);
  assert.equal(reordered(blocks, 'plot', null), null);
  assert.deepEqual(reordered(blocks, 'model', null), ['load', 'clean', 'plot', 'model']);
});

test('typing finds the next name that begins so', () => {
  const ids = ['clean', 'load', 'lag', 'Model'];
  assert.equal(typedAhead(ids, 'l', 0), 1);
  assert.equal(typedAhead(ids, 'l', 1), 2);
  assert.equal(typedAhead(ids, 'l', 2), 1);
  assert.equal(typedAhead(ids, 'la', 2), 2);
  assert.equal(typedAhead(ids, 'm', 0), 3);
  assert.equal(typedAhead(ids, 'z', 0), -1);
});
