/** Files of workers on their way into the object store. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { realDisk, type Disk } from '../../../src/adapters/store/disk.js';
import { objectPath } from '../../../src/adapters/store/layout.js';
import { ProblemError } from '../../../src/protocol/problem.js';
import { hasher, newPlace } from './fixtures.js';

test('files are moved in, small and large, with and without a digest, read-only', async () => {
  using place = newPlace();
  const store = place.open();
  const scratch = join(store.layout.tmp, 'job');
  mkdirSync(scratch);
  const contents = [
    Buffer.from('small'),
    Buffer.alloc(9_000_001, 'large'),
    Buffer.from('known'),
    Buffer.alloc(0),
  ];
  const batch = contents.map((content, index) => {
    const file = join(scratch, `${index}`);
    writeFileSync(file, content);
    return {
      source: { file },
      digest: index === 2 ? hasher.digestBytes(content) : null,
      size: content.length,
    };
  });
  const refs = await store.objects.commit(batch);
  assert.deepEqual(
    refs,
    contents.map(content => ({ digest: hasher.digestBytes(content), size: content.length })),
  );
  for (const [index, ref] of refs.entries()) {
    const path = place.open().objects.verifiedPath(ref, 'head');
    assert.equal(path, objectPath(store.layout.objects, ref.digest));
    assert.equal(statSync(path ?? '').mode & 0o777, 0o444);
    assert.ok(readFileSync(path ?? '').equals(contents[index] ?? Buffer.alloc(1)));
    assert.equal(existsSync(join(scratch, `${index}`)), false);
  }
});

test('what is there already stays the same file', async () => {
  using place = newPlace();
  const store = place.open();
  const commit = () =>
    store.objects.commit([{ source: { bytes: Buffer.from('same') }, digest: null, size: 4 }]);
  const [ref] = await commit();
  assert.ok(ref);
  const inode = statSync(objectPath(store.layout.objects, ref.digest)).ino;
  await Promise.all([commit(), commit()]);
  assert.equal(statSync(objectPath(store.layout.objects, ref.digest)).ino, inode);
});

test('a file of another size than announced, or a link, is refused', async () => {
  using place = newPlace();
  const store = place.open();
  const file = join(place.root, 'blob');
  writeFileSync(file, 'content');
  await assert.rejects(
    store.objects.commit([{ source: { file }, digest: hasher.digest('content'), size: 6 }]),
    /announced with 6/,
  );
  writeFileSync(file, 'content');
  const link = join(place.root, 'link');
  symlinkSync(file, link);
  await assert.rejects(
    store.objects.commit([{ source: { file: link }, digest: null, size: 7 }]),
    /no plain file/,
  );
  assert.equal(store.objects.has({ digest: hasher.digest('content'), size: 7 }), false);
});

test('a scratch folder on another disk', async t => {
  using place = newPlace();
  const store = place.open();
  const other = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : place.root, 'dagpy-'));
  t.after(() => rmSync(other, { recursive: true, force: true }));
  const file = join(other, 'blob');
  writeFileSync(file, 'from afar');
  const [ref] = await store.objects.commit([{ source: { file }, digest: null, size: 9 }]);
  assert.ok(ref);
  assert.equal(Buffer.from(store.objects.read(ref) ?? []).toString(), 'from afar');
  assert.equal(existsSync(file), false);
});

/** A disk whose first syncs end when they are released. */
const holding = (count: number, release: (() => void)[]): Disk => ({
  ...realDisk,
  syncLater: descriptor =>
    release.length < count ? new Promise(resolve => release.push(resolve)) : realDisk.syncLater(descriptor),
});

test('what is on its way can be loaded, is in its place when it is durable, and is waited for by whoever names it', async () => {
  using place = newPlace();
  const release: (() => void)[] = [];
  const store = place.open({ disk: holding(1, release) });
  const file = join(store.layout.tmp, 'blob');
  writeFileSync(file, 'content');
  const { refs, durable } = await store.objects.admit([{ source: { file }, digest: null, size: 7 }]);
  const [ref] = refs;
  assert.ok(ref);
  const path = objectPath(store.layout.objects, ref.digest);
  assert.equal(existsSync(path), false);
  assert.deepEqual([...store.objects.early()], [[path, file]]);
  assert.equal(store.objects.has(ref), true);
  assert.equal(String(store.objects.read(ref)), 'content');
  assert.equal(store.objects.verifiedPath(ref, 'head'), path);
  // Seen by nobody else before.
  assert.equal(place.open().objects.has(ref), false);

  const others = await Promise.all([
    store.objects.admit([{ source: 'stored', digest: ref.digest, size: 7 }]),
    store.objects.admit([{ source: { bytes: Buffer.from('content') }, digest: null, size: 7 }]),
  ]);
  const ended: number[] = [];
  for (const [index, other] of others.entries()) void other.durable.then(() => ended.push(index));
  await new Promise(setImmediate);
  assert.deepEqual(ended, []);
  assert.equal(release.length, 1);

  release[0]!();
  await durable;
  await Promise.all(others.map(other => other.durable));
  assert.deepEqual([...store.objects.early()], []);
  assert.equal(existsSync(file), false);
  assert.equal(place.open().objects.verifiedPath(ref, 'head'), path);
});

test('what does not come to the disk is not there, for nobody who named it', async () => {
  using place = newPlace();
  const fail: ((error: Error) => void)[] = [];
  const store = place.open({
    disk: { ...realDisk, syncLater: () => new Promise((_, reject) => fail.push(reject)) },
  });
  const bytes = Buffer.from('content');
  const first = await store.objects.admit([{ source: { bytes }, digest: null, size: 7 }]);
  const second = await store.objects.admit([{ source: { bytes }, digest: null, size: 7 }]);
  // What makes things durable begins when whoever waits for their names has gone on.
  while (fail.length === 0) await new Promise(setImmediate);
  fail[0]!(Object.assign(new Error('no room'), { code: 'ENOSPC', syscall: 'fsync' }));
  await assert.rejects(first.durable, ProblemError);
  await assert.rejects(second.durable, ProblemError);
  assert.equal(store.objects.has(first.refs[0]!), false);
  assert.deepEqual([...store.objects.early()], []);
  assert.deepEqual(readdirSync(store.layout.tmp), []);
});

test('what is said to be stored may come along in the same batch', async () => {
  using place = newPlace();
  const store = place.open();
  const whole = { digest: hasher.digest('whole'), size: 5 };
  const bytes = { source: { bytes: Buffer.from('whole') }, digest: null, size: 5 };
  const { refs, durable } = await store.objects.admit([{ source: 'stored', ...whole }, bytes]);
  assert.deepEqual(refs, [whole, whole]);
  await durable;
  assert.ok(store.objects.has(whole));
  const longer = { source: 'stored', digest: whole.digest, size: 6 } as const;
  await assert.rejects(place.open().objects.admit([longer, bytes]), ProblemError);
});

test('what is in its place is read there while others that it rests on are on their way', async () => {
  using place = newPlace();
  const release: (() => void)[] = [];
  const store = place.open({ disk: holding(2, release) });
  const bytes = (text: string) => ({ source: { bytes: Buffer.from(text) }, digest: null, size: text.length });
  const slow = await store.objects.admit([bytes('slow')]);
  const quick = await store.objects.admit([bytes('quick'), bytes('slow')]);
  const [ref] = quick.refs;
  assert.ok(ref);
  while (release.length < 2) await new Promise(setImmediate);
  release[1]!();
  const path = objectPath(store.layout.objects, ref.digest);
  while (!existsSync(path)) await new Promise(setImmediate);
  assert.equal(store.objects.verifiedPath(ref, 'head'), path);
  assert.equal(String(store.objects.read(ref)), 'quick');
  assert.equal(store.objects.early().get(path), path);
  release[0]!();
  await Promise.all([slow.durable, quick.durable]);
  assert.equal(store.objects.early().size, 0);
});
