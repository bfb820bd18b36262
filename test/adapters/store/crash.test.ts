/** kill -9 at every step of writing: what is visible afterwards is whole, and the next run finishes the job. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { STEPS } from '../../../src/adapters/store/failpoints.js';
import type { Step } from '../../../src/adapters/store/failpoints.js';
import { uid } from '../../../src/protocol/ids.js';
import { child, execute, keeperOf, newPlace } from './fixtures.js';

/** What `crashChild.ts` does; collecting and quarantine have tests of their own. */
const reached = (step: Step): boolean => /^(key|object|trace|memory|facts|stamps|lock)\./.test(step);

for (const step of STEPS.filter(reached)) {
  test(`killed before ${step}`, async () => {
    using place = newPlace();
    const fresh = step.startsWith('key.');
    if (!fresh) await execute(place.open(), { id: 'before', key: 'k0', text: 'before' });
    let kills = 0;
    for (; kills < 8; kills++) {
      // lock.rename is only reached where a dead process holds the lock.
      if (step === 'lock.rename') child('lockChild.ts', [place.root, 'die']);
      const ended = child('crashChild.ts', [place.root, 'after'], {
        DAGPY_FAILPOINT: `${step}:${kills + 1}`,
      });
      const store = place.open();
      const world = store.world();
      for (const key of store.traces.keys()) {
        for (const trace of store.traces.read(key)) {
          assert.deepEqual(
            world.traces(key).includes(trace) || world.traces(key).some(({ id }) => id === trace.id),
            true,
          );
          assert.equal(Buffer.from(store.objects.read(trace.display) ?? []).toString(), trace.id);
        }
      }
      const lock = store.lock('check');
      assert.deepEqual(keeperOf(store, lock).verify().damagedObjects, []);
      lock.release();
      if (ended.signal === null) {
        assert.equal(ended.stdout, 'done', ended.stderr);
        break;
      }
      assert.equal(ended.signal, 'SIGKILL', ended.stderr);
    }
    assert.ok(kills > 0, 'the step was never reached');
    const store = place.open();
    assert.equal(store.memory.read(uid('uid-load')).last?.id, 'after');
    assert.ok(!existsSync(store.layout.quarantine));
    const lock = store.lock('cleaner');
    assert.deepEqual(readdirSync(store.layout.locks), ['project.json']);
    lock.release();
    assert.equal(existsSync(join(store.layout.locks, 'project.json')), false);
  });
}
