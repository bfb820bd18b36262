import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockReads } from '../../src/engine/reads.js';
import { analyse } from './splitProject.js';

const read = (...sources: readonly string[]) => blockReads(analyse(sources));

test('a name that an earlier cell surely binds is not read', () => {
  const { reads, binds, mayBind } = read('x = a', 'y = x + b\nif y:\n  z = 1', 'z');
  assert.deepEqual(reads, ['a', 'b', 'z']);
  assert.deepEqual(binds, ['x', 'y']);
  assert.deepEqual(mayBind, ['x', 'y', 'z']);
});

test('names in evaluated strings are read', () => {
  assert.deepEqual(read("df.query('a > @limit')").reads, ['a', 'df', 'limit']);
  assert.deepEqual(read('limit = 1', "df.query('@limit > 0')").reads, ['df']);
});

test('a deleted name is read again, a deleted and bound one is not', () => {
  assert.deepEqual(read('x = 1', 'del x', 'x').reads, ['x']);
  assert.deepEqual(read('x = 1', 'del x\nx = 2', 'x').reads, []);
});

test('dynamic code reads everything, and says why', () => {
  const dynamic = read('x = 1', 'eval(s)', '%run a.py');
  assert.equal(dynamic.everything, true);
  assert.equal(dynamic.why.length, 2);
  assert.equal(read('x = 1').everything, false);
});

test('builtins count as read, since a parent may have rebound one', () => {
  assert.deepEqual(read('print(len(x))').reads, ['len', 'print', 'x']);
});

test('empty cells take no part, imports and the environment are told', () => {
  const facts = read('# nothing', 'import numpy as np\nos.environ["A"] = "1"');
  assert.deepEqual(facts.importedNames, ['np']);
  assert.equal(facts.setsEnvironment, true);
  assert.deepEqual(read().reads, []);
});
