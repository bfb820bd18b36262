/** Full disks and folders that are not ours: a message with file and remedy, and nothing half-written to be seen. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createProjectFiles } from '../../../src/adapters/projectFiles.js';
import { createScratch } from '../../../src/adapters/scratch.js';
import { realDisk, type Disk } from '../../../src/adapters/store/disk.js';
import { ProblemError } from '../../../src/protocol/problem.js';
import type { Problem } from '../../../src/protocol/problem.js';
import { execute, failingDisk, keeperOf, newPlace, placeAt, put } from './fixtures.js';
import type { Place } from './fixtures.js';

async function refusal(body: () => Promise<unknown>): Promise<Problem> {
  try {
    await body();
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
  throw new Error('not refused');
}

function assertNothingLeft(place: Place): void {
  const store = place.open();
  assert.deepEqual(readdirSync(store.layout.tmp), []);
  const lock = store.lock('check');
  assert.deepEqual(keeperOf(store, lock).verify().damagedObjects, []);
  lock.release();
}

const failures = [
  ['write', 'ENOSPC', 'disk-full'],
  ['write', 'EDQUOT', 'disk-full'],
  ['syncLater', 'ENOSPC', 'disk-full'],
  ['open', 'EACCES', 'no-permission'],
  ['makeFolder', 'EROFS', 'no-permission'],
  ['rename', 'EPERM', 'no-permission'],
  ['rename', 'EIO', 'store'],
] as const;

for (const [call, code, problem] of failures) {
  test(`${code} at ${call}`, async () => {
    using place = newPlace();
    await execute(place.open(), { id: 'before', key: 'k0', text: 'before' });
    const store = place.open({ disk: failingDisk(realDisk, call, code) });
    const found = await refusal(() => execute(store, { text: 'after' }));
    assert.equal(found.code, problem);
    assert.match(found.message, /\.dagpy\//);
    assert.doesNotMatch(found.message, new RegExp(place.root));
    assert.notEqual(found.remedy, '');
    assertNothingLeft(place);
    await execute(place.open(), { text: 'after' });
    assert.equal(place.open().traces.keys().length, 2);
  });
}

test('a trace that can not be written leaves the record as it was', async () => {
  using place = newPlace();
  const before = await execute(place.open(), { id: 'before', text: 'before' });
  const store = place.open({ disk: failingDisk(realDisk, 'syncLater', 'ENOSPC') });
  assert.equal(
    (await refusal(async () => store.traces.add({ ...before, id: 'after' as typeof before.id }))).code,
    'disk-full',
  );
  assert.deepEqual(place.open().traces.read(before.key), [before]);
  assertNothingLeft(place);
});

test('a file system that can not sync folders is no obstacle', async () => {
  using place = newPlace();
  const refuse = (descriptor: number): void => {
    if (!fstatSync(descriptor).isDirectory()) return;
    throw Object.assign(new Error('EINVAL: simulated'), { code: 'EINVAL' });
  };
  const disk: Disk = {
    ...realDisk,
    sync(descriptor) {
      refuse(descriptor);
      realDisk.sync(descriptor);
    },
    async syncLater(descriptor) {
      refuse(descriptor);
      await realDisk.syncLater(descriptor);
    },
  };
  await execute(place.open({ disk }), { text: 'kept' });
  assert.equal(place.open().traces.keys().length, 1);
  assertNothingLeft(place);
});

test('a project in a folder that may not be written to says so', async () => {
  using place = newPlace();
  // Stands for a folder without permission, which root would not notice.
  writeFileSync(place.project, 'in the way');
  assert.match((await refusal(async () => place.open())).message, /can not write \.dagpy/);
});

const asRoot = process.platform === 'linux' && process.getuid?.() === 0;

// Elsewhere the failing disk above has to do: nothing can be mounted.
const onMounts = asRoot ? test : () => undefined;

void onMounts('a file system that is really full, or read-only', async () => {
  const root = mkdtempSync(join(tmpdir(), 'dagpy-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', root]);
  try {
    const place = placeAt(root);
    mkdirSync(place.project);
    await execute(place.open(), { id: 'before', key: 'k0', text: 'before' });
    const full = await refusal(() => put(place.open(), 'x'.repeat(1_000_000)));
    assert.equal(full.code, 'disk-full');
    assert.match(full.remedy, /cache gc/);
    assertNothingLeft(place);
    const { tmp } = place.open().layout;
    const files = createProjectFiles(place.project, tmp);
    const large = await refusal(async () => files.replace('out/table.csv', Buffer.alloc(1_000_000)));
    assert.deepEqual([large.code, large.file], ['disk-full', 'out/table.csv']);
    assert.deepEqual(readdirSync(join(place.project, 'out')), []);
    writeFileSync(join(place.project, 'edited.csv'), 'mine');
    execFileSync('mount', ['-o', 'remount,ro', root]);
    assert.equal((await refusal(() => put(place.open(), 'small'))).code, 'no-permission');
    const job = await refusal(async () => createScratch(place.project, tmp).open('7'));
    assert.deepEqual([job.code, job.file], ['no-permission', '.dagpy/tmp/job-7']);
    const aside = await refusal(async () => files.keepAside('edited.csv', 'ab'.repeat(32)));
    assert.equal(aside.code, 'no-permission');
    assert.equal(place.open().traces.keys().length, 1);
  } finally {
    execFileSync('umount', [root]);
    rmSync(root, { recursive: true });
  }
});
