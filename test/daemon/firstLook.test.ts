import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstLook } from '../../src/daemon/firstLook.js';
import type { World } from '../../src/engine/ports.js';
import type { Digest, Key } from '../../src/protocol/ids.js';

test('what was seen holds until the first look ends, and nothing after it', () => {
  let looks = 0;
  let content: Digest | null = null;
  const live: World = {
    traces: () => [],
    expand: glob => [glob],
    observe: () => {
      looks += 1;
      return content;
    },
  };
  const look = firstLook(live);
  assert.equal(look.world.observe('file', 'a'), null);
  content = 'after' as Digest;
  assert.equal(look.world.observe('file', 'a'), null, 'absent is remembered too');
  assert.equal(looks, 1);
  assert.equal(look.world.observe('module', 'a'), content, 'another kind is another question');
  look.end();
  assert.equal(look.world.observe('file', 'a'), content);
  assert.equal(look.world.observe('file', 'a'), content);
  assert.equal(looks, 4);
  assert.deepEqual(look.world.traces('k' as Key), []);
});
