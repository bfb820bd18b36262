import assert from 'node:assert/strict';
import { test } from 'node:test';
import { search } from '../../../src/lab/dagDraw/search.js';
import { blockView } from './views.js';

const blocks = [
  blockView('load', { tags: { team: 'growth' } }),
  blockView('Model_A', { state: 'stale', tags: { kind: 'model', team: 'growth' } }),
  blockView('model_b', {
    state: 'failed',
    tags: { kind: 'model' },
    exports: [{ name: 'fits', type: 'dict', bytes: 3, digest: null }],
  }),
  blockView('stale_prices', { notebook: 'analysis/prices.ipynb' }),
];
const found = (query: string) => search(blocks, query).join(' ');

test('by part of the name or of the notebook, whatever the case', () => {
  assert.equal(found('MODEL'), 'Model_A model_b');
  assert.equal(found('analysis/'), 'stale_prices');
});

test('by tag: its name, its value, or both', () => {
  assert.equal(found('tag:model'), 'Model_A model_b');
  assert.equal(found('tag:team'), 'load Model_A');
  assert.equal(found('tag:kind=model'), 'Model_A model_b');
  assert.equal(found('tag:team=model'), '');
});

test('by state, and by a variable that it hands on', () => {
  assert.equal(found('state:failed'), 'model_b');
  assert.equal(found('stale'), 'Model_A stale_prices');
  assert.equal(found('gives:fit'), 'model_b');
});

test('all words have to fit', () => {
  assert.equal(found('model state:stale'), 'Model_A');
  assert.equal(found('tag:model  load'), '');
});

test('nothing is found by nothing', () => assert.equal(found('   '), ''));
