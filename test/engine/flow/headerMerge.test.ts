/** Headers on both sides: a change here, a change in dag.json, and both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeHeader, withDispute } from '../../../src/engine/flow/headerMerge.js';
import { formatHeader } from '../../../src/protocol/flow/headers.js';

const was = { name: 'a', parents: ['p', 'q'], filter: ['auto'] };
const said = (change: object) => ({ ...was, rest: [], ...change });

test('one side alone', () => {
  assert.deepEqual(mergeHeader('u', was, said({}), was), { edit: null, disputed: [] });
  assert.deepEqual(mergeHeader('u', was, said({}), { name: 'b', parents: [], filter: ['x'] }).edit, null);
  assert.deepEqual(
    mergeHeader('u', was, { name: 'a', rest: [] }, was).edit,
    null,
    'what is not said is as it was',
  );
  assert.deepEqual(
    mergeHeader('u', was, said({ parents: ['q', 'p', 'p'] }), was).edit,
    null,
    'parents are a set',
  );
  assert.deepEqual(mergeHeader('u', was, said({ name: 'b', filter: [], parents: ['p', 'r'] }), was), {
    edit: { uid: 'u', name: 'b', filter: [], parents: { before: ['p', 'q'], after: ['p', 'r'] } },
    disputed: [],
  });
});

test('both sides', () => {
  const agreed = { name: 'b', parents: ['p', 'q'], filter: ['x'] };
  assert.deepEqual(mergeHeader('u', was, said({ name: 'b', filter: ['x'] }), agreed), {
    edit: null,
    disputed: [],
  });
  const now = { name: 'c', parents: ['p'], filter: ['y'] };
  const { disputed } = mergeHeader(
    'u',
    was,
    said({ name: 'b', filter: ['x'], parents: ['p', 'q', 'r'] }),
    now,
  );
  assert.deepEqual(disputed, ['name', 'filter']);
  assert.equal(
    formatHeader(withDispute(said({ name: 'b', filter: ['x'], rest: ['text'] }), disputed, now)),
    '## Block: b\n- Parents: p, q\n- Filter: x\n\n> dag.json says by now: Block: c\n> dag.json says by now: Filter: y\ntext',
  );
});
