import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Looked } from '../../../src/adapters/store/looked.js';
import type { World } from '../../../src/engine/ports.js';
import type { Digest } from '../../../src/protocol/ids.js';

test('what is looked at is noted as it looked, and a contradiction leaves nothing to rest on', () => {
  const looks = new Map<string, string | null>([['a.csv', '1']]);
  const looked = new Looked();
  const world = looked.world({
    traces: () => [],
    observe: (_: string, name: string) => (looks.get(name) ?? null) as Digest | null,
    expand: () => ['a.csv'],
  } as World);
  world.observe('file', 'a.csv');
  world.observe('file', 'a.csv');
  world.observe('file', 'missing.csv');
  world.expand('*.csv');
  assert.deepEqual(looked.seen(), {
    sights: [
      { kind: 'file', name: 'a.csv', digest: '1' },
      { kind: 'file', name: 'missing.csv', digest: null },
    ],
    expansions: [{ glob: '*.csv', paths: ['a.csv'] }],
    objects: [],
  });
  looks.set('a.csv', '2');
  world.observe('file', 'a.csv');
  assert.equal(looked.seen(), undefined);
});
