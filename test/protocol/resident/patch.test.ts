import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { patchBetween, patched } from '../../../src/protocol/resident/patch.js';
import type { ProjectView } from '../../../src/protocol/resident/view.js';
import { projectView } from '../../../src/protocol/resident/viewSchemas.js';
import { valuesOf } from './arbitrary.js';

/** Ids are names of blocks: each is there once. */
const views = fc
  .tuple(valuesOf(projectView), fc.shuffledSubarray(['a', 'b', 'c', 'd']))
  .map(([view, ids]): ProjectView => ({
    ...view,
    project: 'here',
    blocks: view.blocks.flatMap((block, place) =>
      ids[place] === undefined ? [] : [{ ...block, id: ids[place] }],
    ),
  }));

test('a view with the patch to the next one is the next one', () => {
  fc.assert(
    fc.property(views, views, fc.boolean(), (before, other, keepsBlocks) => {
      const next = keepsBlocks ? { ...other, blocks: [...before.blocks].reverse() } : other;
      const patch = patchBetween(before, next);
      if (patch === null) {
        assert.deepEqual({ ...next, revision: 0 }, { ...before, revision: 0 });
        return;
      }
      // As it comes over the socket.
      const received = JSON.parse(JSON.stringify(patch)) as typeof patch;
      assert.deepEqual(patched(before, received), { ...next, revision: before.revision + 1 });
    }),
    { numRuns: 500 },
  );
});

test('a patch goes on its own revision and no other', () => {
  fc.assert(
    fc.property(views, views, (before, next) => {
      const patch = patchBetween(before, next);
      fc.pre(patch !== null);
      assert.equal(patched({ ...before, revision: before.revision + 1 }, patch), null);
      assert.equal(patched({ ...before, project: 'elsewhere' }, patch), null);
    }),
  );
});

test('nothing but what differs is in a patch', () => {
  fc.assert(
    fc.property(views, fc.string(), (before, name) => {
      fc.pre(name !== before.name);
      const patch = patchBetween(before, { ...before, name });
      assert.deepEqual(patch?.fields, { name });
      assert.deepEqual(patch.blocks, []);
      assert.equal(patch.order, null);
    }),
  );
});
