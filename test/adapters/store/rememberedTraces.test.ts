import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberTraces } from '../../../src/adapters/store/rememberedTraces.js';
import type { TraceStore } from '../../../src/engine/storePorts.js';
import type { Key, TraceId } from '../../../src/protocol/ids.js';
import type { Trace } from '../../../src/protocol/trace.js';

test('a record is read once, and again after it was written', async () => {
  const key = 'k' as Key;
  const traceOf = (id: string) => ({ id, key }) as unknown as Trace;
  let stored: readonly Trace[] = [];
  let reads = 0;
  const store: TraceStore = {
    read: () => {
      reads += 1;
      return stored;
    },
    add(trace) {
      stored = [trace, ...stored];
      return Promise.resolve();
    },
    remove: (_, id) => void (stored = stored.filter(trace => trace.id !== id)),
    keys: () => [key],
  };
  const remembered = rememberTraces(store);
  const idsNow = () => remembered.read(key).map(({ id }) => String(id));
  assert.deepEqual([idsNow(), idsNow(), reads], [[], [], 1]);
  await remembered.add(traceOf('a'));
  await remembered.add(traceOf('b'));
  assert.deepEqual([idsNow(), idsNow(), reads], [['b', 'a'], ['b', 'a'], 2]);
  remembered.remove(key, 'b' as TraceId);
  assert.deepEqual([idsNow(), reads], [['a'], 3]);
});
