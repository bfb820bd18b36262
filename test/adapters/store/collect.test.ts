/** Mark and sweep, caps, verification. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { objectPath } from '../../../src/adapters/store/layout.js';
import type { Store } from '../../../src/adapters/store/index.js';
import type { CacheKeeper } from '../../../src/engine/storePorts.js';
import { child, execute, hasher, keeperOf, newPlace, put } from './fixtures.js';

function keeping<Value>(store: Store, body: (keeper: CacheKeeper) => Value): Value {
  const lock = store.lock('dagpy cache');
  try {
    return body(keeperOf(store, lock));
  } finally {
    lock.release();
  }
}

test('objects that no trace names go, after a time of grace', async () => {
  using place = newPlace();
  const store = place.open();
  const kept = await execute(store, { text: 'named', head: await put(store, 'head') });
  const orphan = await put(store, 'orphan');
  const grace = keeping(store, keeper => keeper.collect({ graceMilliseconds: 3_600_000 }));
  assert.equal(grace.removedObjects, 0);
  const dry = keeping(store, keeper => keeper.collect({ graceMilliseconds: 0, dryRun: true }));
  assert.deepEqual([dry.removedObjects, dry.removedBytes, store.objects.has(orphan)], [1, 6, true]);
  const report = keeping(store, keeper => keeper.collect({ graceMilliseconds: 0 }));
  assert.deepEqual(report, {
    removedObjects: 1,
    removedTraces: 0,
    removedBytes: 6,
    keptObjects: 2,
    keptBytes: 9,
  });
  assert.equal(store.objects.has(orphan), false);
  assert.deepEqual(store.world().traces(kept.key), [kept]);
});

test('an object stays while a part of it is named', async () => {
  using place = newPlace();
  const store = place.open();
  const whole = await put(store, 'the whole column');
  const part = { content: hasher.digest('column'), size: 6, within: { object: whole, offset: 10 } };
  const kept = await execute(store, { text: 'named', head: await put(store, 'head'), buffers: [part] });
  const report = keeping(store, keeper => keeper.collect({ graceMilliseconds: 0 }));
  assert.equal(report.removedObjects, 0);
  assert.deepEqual(store.world().traces(kept.key), [kept]);
  keeping(store, keeper => {
    const file = objectPath(store.layout.objects, whole.digest);
    chmodSync(file, 0o644);
    writeFileSync(file, 'the whole COLUMN');
    assert.deepEqual(keeper.verify().damagedObjects, [whole.digest]);
  });
  // What its bytes lie in is damaged: it answers no more.
  assert.deepEqual(store.world().traces(kept.key), []);
});

test('verify tells of a damaged record, which is in quarantine afterwards', async () => {
  using place = newPlace();
  const store = place.open();
  const { key } = await execute(store, { text: 'sound', key: 'k1' });
  const damaged = await execute(store, { text: 'damaged', key: 'k2', id: 't2' });
  const file = store.records.fileOf(damaged.key);
  const content = readFileSync(file);
  content[content.length >> 1]! ^= 0xff;
  writeFileSync(file, content);
  const report = keeping(place.open(), keeper => keeper.verify());
  assert.deepEqual([report.damagedObjects, report.damagedRecords, report.traces], [[], [damaged.key], 1]);
  assert.equal(existsSync(file), false);
  assert.equal(store.traces.read(key).length, 1);
});

test('verify forgets a trace that names a part by another content', async () => {
  using place = newPlace();
  const store = place.open();
  const whole = await put(store, 'the whole column');
  const traceWith = async (key: string, content: string) => {
    const part = { content: hasher.digest(content), size: 6, within: { object: whole, offset: 10 } };
    return execute(store, { key, id: key, text: key, head: await put(store, 'head'), buffers: [part] });
  };
  const sound = await traceWith('k1', 'column');
  const unsound = await traceWith('k2', 'colour');
  // Its key is made of a content that it was not given.
  const reader = await execute(store, { key: 'k3', id: 'k3', text: 'k3', input: hasher.digest('k2') });
  const report = keeping(store, keeper => keeper.verify());
  assert.deepEqual([report.damagedObjects, report.damagedRecords], [[], [unsound.key, reader.key]]);
  assert.deepEqual(store.world().traces(sound.key), [sound]);
  assert.deepEqual(store.world().traces(unsound.key), []);
  assert.deepEqual(store.world().traces(reader.key), []);
});

test("another user's objects stay, whoever collects or clears", async () => {
  using place = newPlace();
  const store = place.open();
  const stranger = place.open({ environment: { HOME: join(place.root, 'stranger') } });
  await execute(store, { text: 'ours', key: 'k1' });
  const theirs = await execute(stranger, { text: 'theirs', key: 'k2', block: 'other' });
  keeping(store, keeper => keeper.collect({ graceMilliseconds: 0 }));
  assert.deepEqual(stranger.world().traces(theirs.key), [theirs]);
  assert.equal(keeping(store, keeper => keeper.clear()).removedObjects, 1);
  assert.deepEqual(stranger.world().traces(theirs.key), [theirs]);
  assert.deepEqual(store.traces.keys(), []);
});

test('a cap drops the oldest traces, never the last of a block nor a pinned one', async () => {
  using place = newPlace();
  const store = place.open();
  const size = 1000;
  const make = (id: string, block: string, createdAt: number) =>
    execute(store, { id, key: id, block, createdAt, text: id.repeat(size / id.length), keep: 9 });
  await make('aa', 'old', 1);
  const pinned = await make('bb', 'load', 2);
  await make('cc', 'load', 3);
  await make('dd', 'load', 4);
  await make('ee', 'load', 5);
  const names = (): readonly string[] =>
    store.traces
      .keys()
      .flatMap(key => store.traces.read(key).map(({ id }) => id as string))
      .sort();
  const collect = (maxBytes: number) =>
    keeping(store, keeper =>
      keeper.collect({ graceMilliseconds: 0, maxBytes, pinned: new Set([pinned.id]) }),
    );
  assert.equal(collect(4000).removedTraces, 1);
  assert.deepEqual(names(), ['aa', 'bb', 'dd', 'ee']);
  assert.equal(collect(0).removedBytes, 1000);
  assert.deepEqual(names(), ['aa', 'bb', 'ee']);
});

test('list tells traces and bytes by block', async () => {
  using place = newPlace();
  const store = place.open();
  await execute(store, { id: 'a', key: 'k1', text: '12345', createdAt: 10 });
  await execute(store, { id: 'b', key: 'k2', text: '123', createdAt: 20 });
  const [block, ...others] = keeperOf(store, null).list();
  assert.deepEqual(others, []);
  assert.deepEqual(block, { uid: 'uid-load', block: 'load', traces: 2, bytes: 8, oldest: 10, newest: 20 });
});

test('verify finds what changed behind a stamp and puts it away', async () => {
  using place = newPlace();
  const store = place.open();
  const { display } = await execute(store, { text: 'content' });
  const file = objectPath(store.layout.objects, display.digest);
  chmodSync(file, 0o644);
  writeFileSync(file, 'CONTENT');
  const report = keeping(store, keeper => keeper.verify());
  assert.deepEqual([report.damagedObjects, report.objects, report.traces], [[display.digest], 1, 1]);
  assert.equal(existsSync(file), false);
  assert.deepEqual(keeping(place.open(), keeper => keeper.verify()).damagedObjects, []);
});

test('clear leaves nothing of one user alone in a project', async () => {
  using place = newPlace();
  const store = place.open();
  await execute(store, { text: 'one' });
  keeping(store, keeper => keeper.clear());
  assert.deepEqual([store.traces.keys(), readdirSync(store.layout.blocks)], [[], []]);
  assert.equal(keeping(store, keeper => keeper.verify()).objects, 0);
});

test('killed while collecting, every trace that is left still has its objects', async () => {
  using place = newPlace();
  const store = place.open();
  for (const id of ['a', 'b', 'c'])
    await execute(store, { id, key: id, text: id, createdAt: id.charCodeAt(0), keep: 9 });
  await put(store, 'orphan');
  for (const step of ['trace.remove:1', 'trace.remove:2', 'collect.remove:1', 'collect.remove:2']) {
    assert.equal(child('collectChild.ts', [place.root], { DAGPY_FAILPOINT: step }).signal, 'SIGKILL', step);
    const world = place.open().world();
    for (const key of store.traces.keys()) assert.equal(world.traces(key).length, 1, step);
  }
  assert.equal(child('collectChild.ts', [place.root]).status, 0);
  assert.deepEqual(place.open().traces.keys().length, 1);
});
