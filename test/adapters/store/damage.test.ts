/** Torn, tampered, planted and foreign files: a miss, and never a byte of them believed. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { objectPath } from '../../../src/adapters/store/layout.js';
import { pack } from '../../../src/adapters/store/packing.js';
import { seal } from '../../../src/adapters/store/sealed.js';
import { keyOf, traceId, uid } from '../../../src/protocol/ids.js';
import type { Key } from '../../../src/protocol/ids.js';
import { execute, hasher, newPlace, put, someTrace } from './fixtures.js';
import type { Place } from './fixtures.js';

const k1: Key = keyOf(hasher.digest('k1'));

const damages: Record<string, (file: string) => void> = {
  flipped: file => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  },
  'flipped in its last byte': file => {
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0x80;
    writeFileSync(file, bytes);
  },
  'cut short': file => truncateSync(file, statSync(file).size - 3),
  emptied: file => truncateSync(file, 0),
  lengthened: file => writeFileSync(file, 'x', { flag: 'a' }),
};

function damage(file: string, name: string): void {
  chmodSync(file, 0o644);
  damages[name]?.(file);
}

const quarantined = (place: Place): readonly string[] => {
  const folder = join(place.project, '.dagpy', 'quarantine');
  return existsSync(folder) ? readdirSync(folder) : [];
};

test('a trace comes back as it was stored, newest first', async () => {
  using place = newPlace();
  const older = await execute(place.open(), { id: 'a', text: 'one', createdAt: 1 });
  const newer = await execute(place.open(), { id: 'b', text: 'two', createdAt: 2 });
  assert.deepEqual(place.open().traces.read(k1), [newer, older]);
  assert.deepEqual(place.open().traces.keys(), [k1]);
  assert.deepEqual(place.open().memory.read(uid('uid-load')).last, newer);
});

for (const name of Object.keys(damages)) {
  test(`a trace file that was ${name} is a miss and goes to quarantine`, async () => {
    using place = newPlace();
    const store = place.open();
    await execute(store, { text: 'one' });
    damage(store.records.fileOf(k1), name);
    assert.deepEqual(place.open().world().traces(k1), []);
    assert.equal(quarantined(place).length, 1);
    assert.deepEqual(place.open().traces.keys(), []);
    const again = await execute(place.open(), { text: 'one' });
    assert.deepEqual(place.open().world().traces(k1), [again]);
  });

  test(`an object that was ${name} is a miss, goes to quarantine and is stored anew`, async () => {
    using place = newPlace();
    const store = place.open();
    const { display } = await execute(store, { text: 'the content' });
    damage(objectPath(store.layout.objects, display.digest), name);
    for (const kind of ['head', 'buffer'] as const)
      assert.equal(place.open().objects.verifiedPath(display, kind), undefined);
    assert.equal(place.open().objects.read(display), undefined);
    assert.deepEqual(place.open().world().traces(k1), []);
    assert.equal(quarantined(place).length, 1);
    await put(place.open(), 'the content');
    assert.equal(place.open().world().traces(k1).length, 1);
  });

  test(`a damaged object (${name}) that is committed again is healed`, async () => {
    using place = newPlace();
    const ref = await put(place.open(), 'the content');
    damage(objectPath(place.open().layout.objects, ref.digest), name);
    await put(place.open(), 'the content');
    assert.equal(Buffer.from(place.open().objects.read(ref) ?? []).toString(), 'the content');
  });
}

test('a folder in place of a trace file, or of what is remembered of a block, goes to quarantine', async () => {
  using place = newPlace();
  const store = place.open();
  const { uid: block } = await execute(store, { text: 'one' });
  const memory = join(store.layout.blocks, readdirSync(store.layout.blocks)[0] ?? '');
  for (const file of [store.records.fileOf(k1), memory]) {
    rmSync(file);
    mkdirSync(join(file, 'inside'), { recursive: true });
  }
  assert.deepEqual(place.open().world().traces(k1), []);
  assert.equal(place.open().memory.read(block).shown, null);
  assert.equal(quarantined(place).length, 2);
  const again = await execute(place.open(), { text: 'one' });
  assert.deepEqual(place.open().world().traces(k1), [again]);
  assert.deepEqual(place.open().memory.read(block).last, again);
});

test('a worker that says an object is stored is not believed', async () => {
  using place = newPlace();
  const store = place.open();
  const ref = await put(store, 'the content');
  assert.deepEqual(await store.objects.commit([{ source: 'stored', ...ref }]), [ref]);
  damage(objectPath(store.layout.objects, ref.digest), 'flipped');
  await assert.rejects(store.objects.commit([{ source: 'stored', ...ref }]), /damaged/);
  await assert.rejects(store.objects.commit([{ source: 'stored', ...ref }]), /went missing/);
});

test('a trace whose object is missing does not answer', async () => {
  using place = newPlace();
  const store = place.open();
  const { display } = await execute(store, { text: 'one' });
  rmSync(objectPath(store.layout.objects, display.digest));
  assert.deepEqual(place.open().world().traces(k1), []);
  assert.deepEqual(quarantined(place), []);
});

test('what came with a clone is a plain miss and stays untouched', async () => {
  using place = newPlace();
  const store = place.open();
  await execute(store, { text: 'one' });
  const before = readFileSync(store.records.fileOf(k1));
  const stranger = place.open({ environment: { HOME: join(place.root, 'stranger') } });
  assert.notEqual(stranger.keyId, store.keyId);
  assert.deepEqual(stranger.world().traces(k1), []);
  // The clone's own folder, renamed to look like ours.
  const posed = stranger.records.fileOf(k1);
  mkdirSync(dirname(posed), { recursive: true });
  copyFileSync(store.records.fileOf(k1), posed);
  assert.deepEqual(stranger.world().traces(k1), []);
  assert.deepEqual(readFileSync(posed), before);
  assert.deepEqual(quarantined(place), []);
  await execute(stranger, { id: 'theirs', text: 'two' });
  assert.deepEqual(
    [store, stranger].map(one =>
      one
        .world()
        .traces(k1)
        .map(({ id }) => id),
    ),
    [['t1'], ['theirs']],
  );
});

test('a planted trace with our key id and a wrong MAC is never decoded', async () => {
  using place = newPlace();
  const store = place.open();
  const trace = someTrace({ display: await put(store, 'mark') });
  const forged = seal(
    hasher,
    { id: store.keyId, secret: new Uint8Array(32) },
    { purpose: 'traces', name: k1 },
    pack([trace]),
  );
  mkdirSync(dirname(store.records.fileOf(k1)), { recursive: true });
  writeFileSync(store.records.fileOf(k1), forged);
  assert.deepEqual(store.world().traces(k1), []);
  assert.equal(quarantined(place).length, 1);
});

test('an authentic record filed under another key is not believed', async () => {
  using place = newPlace();
  const store = place.open();
  await execute(store, { text: 'one' });
  const other = keyOf(hasher.digest('k2'));
  mkdirSync(dirname(store.records.fileOf(other)), { recursive: true });
  copyFileSync(store.records.fileOf(k1), store.records.fileOf(other));
  assert.deepEqual(store.world().traces(other), []);
  assert.equal(store.world().traces(k1).length, 1);
});

test('a team that shares DAGPY_CACHE_KEY shares results; a guessable one is refused', async () => {
  using place = newPlace();
  const as = (home: string, key: string) =>
    place.open({ environment: { HOME: join(place.root, home), DAGPY_CACHE_KEY: key } });
  await execute(as('ann', 'a long shared secret'), { text: 'one' });
  assert.equal(as('bob', 'a long shared secret').world().traces(k1).length, 1);
  assert.equal(as('bob', 'another shared secret').world().traces(k1).length, 0);
  assert.throws(() => as('bob', 'short'), /fewer than 16/);
});

test('the key is private; a broken one is refused with a remedy', () => {
  using place = newPlace();
  const id = place.open().keyId;
  const file = join(place.root, 'home', '.local', 'share', 'dagpy', 'cache-key');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  chmodSync(file, 0o644);
  assert.equal(place.open().keyId, id);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  truncateSync(file, 5);
  assert.throws(() => place.open(), /is not a cache key/);
});

test('garbage in the memory of a block is no memory', async () => {
  using place = newPlace();
  const store = place.open();
  const { uid: id } = await execute(store, { text: 'one' });
  const file = join(store.layout.blocks, `${id}.json`);
  for (const text of [
    '',
    '{',
    '{"version":1}',
    '[]',
    '{"__proto__":1}',
    readFileSync(file, 'utf8').replace('"shown":"t1"', '"shown":7'),
  ]) {
    writeFileSync(file, text);
    const memory = place.open().memory.read(id);
    assert.deepEqual([memory.shown, memory.last, memory.failure], [null, null, null]);
  }
});

test('keep-n: undo restores up to n versions, older ones are dropped', async () => {
  using place = newPlace();
  for (const [index, key] of ['k1', 'k2', 'k3', 'k4'].entries()) {
    await execute(place.open(), { id: key, key, text: key, createdAt: index, keep: 3 });
  }
  const answers = (): readonly number[] =>
    ['k1', 'k2', 'k3', 'k4'].map(key => place.open().traces.read(keyOf(hasher.digest(key))).length);
  assert.deepEqual(answers(), [0, 1, 1, 1]);
  // Restoring k2 makes it the newest, so that k3 is the one to go.
  const store = place.open();
  const [second] = store.traces.read(keyOf(hasher.digest('k2')));
  if (second !== undefined) store.memory.remember(second.uid, second, 3);
  await execute(place.open(), { id: 'k1', key: 'k1', text: 'k1', keep: 3 });
  assert.deepEqual(answers(), [1, 1, 0, 1]);
  assert.equal(place.open().memory.read(uid('uid-load')).shown, traceId('k1'));
});

test('planted or damaged facts are not believed', () => {
  using place = newPlace();
  const digest = hasher.digest('x');
  const facts = {
    digest,
    empty: true,
    ...{
      loads: ['a'],
      binds: [],
      mayBind: [],
      deletes: [],
      mayMutate: [],
      stringNames: [],
      paths: [],
      dynamic: [],
    },
    ...{
      bindsUnknown: [],
      starImports: [],
      imports: [],
      importedNames: [],
      importedFrom: { np: 'numpy' },
      magics: [],
    },
    ...{
      setsEnvironment: false,
      setUp: false,
      chains: [],
      history: [],
      functions: [],
      remarks: [],
      syntaxError: null,
    },
    steps: [{ do: 'delete', name: 'a' }],
  } as const;
  const store = place.open();
  store.facts.put(digest, digest, facts);
  store.save();
  assert.deepEqual(place.open().facts.get(digest, digest), facts);
  assert.equal(place.open().facts.get(hasher.digest('y'), digest), undefined);
  const folder = join(store.layout.facts, store.keyId);
  const file = join(folder, readdirSync(folder)[0] ?? '');
  const sound = readFileSync(file);
  for (const name of Object.keys(damages)) {
    writeFileSync(file, sound);
    damage(file, name);
    assert.equal(place.open().facts.get(digest, digest), undefined, name);
  }
});
