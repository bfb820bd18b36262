import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importCycles } from '../../scripts/structure.mjs';

const graph = edges => new Map(Object.entries(edges));

test('a diamond is no cycle', () => {
  assert.deepEqual(importCycles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })), []);
});

test('a cycle is given as its path', () => {
  assert.deepEqual(importCycles(graph({ a: ['b'], b: ['c'], c: ['b'] })), [['b', 'c', 'b']]);
});

test('a file that imports itself is a cycle', () => {
  assert.deepEqual(importCycles(graph({ a: ['a'] })), [['a', 'a']]);
});
