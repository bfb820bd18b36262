/** Digests of the outside, stamps, and what a worker saw. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { FileStamps, stampOf, stampText } from '../../../src/adapters/store/stamps.js';
import type { Discoveries, FileStamp } from '../../../src/protocol/workerMessages.js';
import type { Place } from './fixtures.js';
import { hasher, newPlace } from './fixtures.js';

function write(place: Place, name: string, text = name): string {
  const file = join(place.project, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function stampNow(file: string): FileStamp {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return { device: `${dev}`, inode: `${ino}`, size: Number(size), mtime: `${mtimeNs}`, ctime: `${ctimeNs}` };
}

const nothing: Discoveries = {
  files: [],
  folders: [],
  modules: [],
  environment: [],
  packages: [],
  ambientUsed: [],
  written: [],
  writtenBefore: [],
  appended: [],
  external: [],
  untracked: [],
  imports: [],
};

test('files, folders, environment and packages change their digest when they change, and only then', () => {
  using place = newPlace();
  const environment = { ...place.environment, COLOUR: 'red', EMPTY: '' };
  const { observer } = place.open({ environment });
  write(place, 'data/a.csv', 'one');
  const before = observer.observe('file', 'data/a.csv');
  assert.equal(before, hasher.digest('one'));
  assert.equal(observer.observe('file', join(place.project, 'data/a.csv')), before);
  write(place, 'data/a.csv', 'two');
  assert.equal(observer.observe('module', 'data/a.csv'), hasher.digest('two'));
  assert.equal(observer.observe('file', 'data/none'), null);
  assert.equal(observer.observe('file', 'data/a.csv/below a file'), null);
  assert.notEqual(observer.observe('file', 'data'), null);

  const listed = observer.observe('folder', 'data');
  assert.equal(listed, observer.digestEntries(['a.csv']));
  write(place, 'data/b.csv');
  assert.equal(observer.observe('folder', 'data'), observer.digestEntries(['b.csv', 'a.csv']));
  assert.notEqual(observer.observe('folder', 'data'), listed);
  assert.equal(observer.observe('folder', 'none'), null);

  assert.equal(observer.observe('environment', 'COLOUR'), hasher.digest('red'));
  assert.notEqual(observer.observe('environment', 'EMPTY'), null);
  assert.equal(observer.observe('environment', 'NONE'), null);

  const info = '.venv/pandas-2.0.dist-info';
  assert.equal(observer.observe('package', info), null);
  const digests = [
    () => write(place, `${info}/METADATA`),
    () => write(place, `${info}/RECORD`, 'pandas/__init__.py,sha256=1'),
    () => write(place, `${info}/RECORD`, 'pandas/__init__.py,sha256=2'),
    () => write(place, `${info}/direct_url.json`, '{"vcs": 1}'),
  ].map(change => {
    change();
    return observer.observe('package', info);
  });
  assert.equal(new Set([null, ...digests]).size, 5);
});

test('text of every kind has its own digest', () => {
  const texts = ['', 'a', '1', '1.0', '\ud800', '\udfff', '\ufffd', '😀', '\ud83d', 'é', 'e\u0301', '\0'];
  assert.equal(new Set(texts.map(text => hasher.digest(text))).size, texts.length);
  assert.equal(hasher.digest('abc'), '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85');
});

test('a file changed at about the time its stamp was taken is read again; a settled one is not', () => {
  using place = newPlace();
  const file = write(place, 'a.csv', 'one');
  const digest = hasher.digest('one');
  const touched = statSync(file).ctimeMs;
  const folder = join(place.root, 'cache');
  const at = (now: number) => new FileStamps({ folder, project: place.project, hasher, now: () => now });
  const stats = statSync(file, { bigint: true });
  const racy = at(touched + 100);
  racy.record(file, stats, digest);
  assert.equal(racy.find(file, stampOf(stats)), undefined);
  const settled = at(touched + 60_000);
  settled.record(file, stats, digest);
  settled.save();
  assert.equal(at(touched + 70_000).find(file, stampOf(stats)), digest);
  assert.equal(at(touched + 70_000).find(file, `${stampOf(stats)}1`), undefined);
  // Same size and restored modification time: the change time tells.
  writeFileSync(file, 'two');
  utimesSync(file, stats.atimeMs ? Number(stats.atimeMs) / 1000 : 0, Number(stats.mtimeMs) / 1000);
  assert.equal(at(touched + 70_000).find(file, stampOf(statSync(file, { bigint: true }))), undefined);
  // A cache that others could have written to, or that is damaged, is none.
  const [name = ''] = readdirSync(folder);
  chmodSync(join(folder, name), 0o666);
  assert.equal(at(touched + 70_000).find(file, stampOf(stats)), undefined);
  chmodSync(join(folder, name), 0o600);
  writeFileSync(join(folder, name), 'garbage');
  assert.equal(at(touched + 70_000).find(file, stampOf(stats)), undefined);
});

test('a stamp that Python takes is the one that Node takes', () => {
  using place = newPlace();
  const file = write(place, 'a.csv');
  const script =
    'import os,sys; s=os.stat(sys.argv[1]); print(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)';
  const seen = execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).trim();
  assert.equal(seen, stampOf(statSync(file, { bigint: true })));
  assert.equal(seen, stampText(stampNow(file)));
});

test('globs give the same sorted files everywhere', () => {
  using place = newPlace();
  const { observer } = place.open();
  for (const name of [
    'b.csv',
    'a.csv',
    'Z.csv',
    '.hidden.csv',
    'd/x.csv',
    'd/e/y.csv',
    'd/.git/z.csv',
    'a[1].csv',
    'a.txt',
  ]) {
    write(place, name);
  }
  symlinkSync('d', join(place.project, 'link'));
  const expected: Record<string, readonly string[]> = {
    '*.csv': ['Z.csv', 'a.csv', 'a[1].csv', 'b.csv'],
    '**/*.csv': ['Z.csv', 'a.csv', 'a[1].csv', 'b.csv', 'd/e/y.csv', 'd/x.csv'],
    '.*.csv': ['.hidden.csv'],
    '[ab].csv': ['a.csv', 'b.csv'],
    '[!a].csv': ['Z.csv', 'b.csv'],
    'a.{txt,csv}': ['a.csv', 'a.txt'],
    'a[1].csv': ['a[1].csv'],
    '?.csv': ['Z.csv', 'a.csv', 'b.csv'],
    'd/**': ['d/e/y.csv', 'd/x.csv'],
    './d/*': ['d/x.csv'],
    d: ['d', 'd/e/y.csv', 'd/x.csv'],
    'link/*.csv': ['link/x.csv'],
    'none.csv': ['none.csv'],
    'none/*.csv': [],
    '.dagpy/**': [],
  };
  for (const [glob, files] of Object.entries(expected)) assert.deepEqual(observer.expand(glob), files, glob);
  assert.deepEqual(observer.expand(`${place.project}/[a].csv`), [`${place.project}/a.csv`]);
});

test('what a worker saw becomes dependencies that hold right away', () => {
  using place = newPlace();
  const { discoveries, observer } = place.open();
  const file = write(place, 'data/a.csv');
  const module = write(place, 'tools.py');
  const stamp = stampNow(file);
  const result = discoveries.dependencies({
    ...nothing,
    files: [
      { path: file, stamp },
      { path: join(place.project, 'absent'), stamp: null },
      { path: '/proc/cpuinfo', stamp },
      { path: join(place.project, '.dagpy', 'tmp', 'x'), stamp },
    ],
    modules: [{ name: 'tools', path: module, stamp: stampNow(module) }],
    folders: [{ path: join(place.project, 'data'), entries: ['a.csv'] }],
    environment: [{ name: 'NONE', value: null }],
    packages: [{ name: 'p', version: '1', location: '/nowhere/p-1.dist-info' }],
  });
  assert.ok(result.ok);
  assert.deepEqual(
    result.dependencies.map(({ kind, name, detail }) => [kind, name, detail]),
    [
      ['environment', 'NONE', undefined],
      ['file', 'absent', undefined],
      ['file', 'data/a.csv', undefined],
      ['folder', 'data', undefined],
      ['module', 'tools.py', 'tools'],
      ['package', '/nowhere/p-1.dist-info', 'p 1'],
    ],
  );
  for (const { kind, name, digest } of result.dependencies) {
    if (kind !== 'ambient') assert.equal(observer.observe(kind, name), digest);
  }
});

test('what changed while the block ran leaves no trace, unless the block itself wrote it', () => {
  using place = newPlace();
  const { discoveries } = place.open();
  const file = write(place, 'data/a.csv', 'one');
  const folder = join(place.project, 'data');
  const seen = { ...nothing, files: [{ path: file, stamp: stampNow(file) }] };
  assert.ok(discoveries.dependencies(seen).ok);
  writeFileSync(file, 'two');
  assert.deepEqual(discoveries.dependencies(seen), { ok: false, changed: ['data/a.csv'] });
  assert.ok(discoveries.dependencies({ ...seen, written: [file] }).ok);
  rmSync(file);
  assert.deepEqual(discoveries.dependencies(seen), { ok: false, changed: ['data/a.csv'] });
  const absent = { ...nothing, files: [{ path: file, stamp: null }] };
  assert.ok(discoveries.dependencies(absent).ok);
  write(place, 'data/a.csv');
  assert.equal(discoveries.dependencies(absent).ok, false);

  const listed = { ...nothing, folders: [{ path: folder, entries: [] }] };
  assert.deepEqual(discoveries.dependencies(listed), { ok: false, changed: ['data'] });
  assert.ok(discoveries.dependencies({ ...listed, written: [file] }).ok);
  assert.ok(
    discoveries.dependencies({ ...nothing, folders: [{ path: join(folder, 'none'), entries: null }] }).ok,
  );
});
