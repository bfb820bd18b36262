import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, duration } from '../../src/protocol/amounts.js';

test('sizes take the unit they are read in', () => {
  assert.deepEqual([812, 1234, 150e6, 999_600].map(bytes), ['812 B', '1.2 kB', '150 MB', '1.0 MB']);
});

test('times never end in sixty seconds or minutes', () => {
  assert.deepEqual([0.007, 0.42, 9, 12, 119.7, 7500].map(duration), [
    '7 ms',
    '0.42 s',
    '9.0 s',
    '12 s',
    '2 min 0 s',
    '2 h 5 min',
  ]);
});
