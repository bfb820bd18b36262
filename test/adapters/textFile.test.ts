import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTextFile, replaceTextFile, replaceTextFileLater } from '../../src/adapters/textFile.js';

const folder = mkdtempSync(join(tmpdir(), 'dagpy-text-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const read = (path: string) => {
  const result = readTextFile(path, 'shown', 1e6);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};
const codeOf = (result: ReturnType<typeof replaceTextFile> | ReturnType<typeof readTextFile>) =>
  result.ok ? 'ok' : result.problems[0]?.code;

test('text comes back as it is, and a file keeps its mode and its link', () => {
  const target = join(folder, 'real.txt');
  const link = join(folder, 'link.txt');
  writeFileSync(target, '\uFEFFa\r\nb');
  chmodSync(target, 0o640);
  symlinkSync(target, link);
  const before = read(link);
  assert.equal(before.text, '\uFEFFa\r\nb');
  const written = replaceTextFile(link, before.text + 'c', before.stamp, 'shown');
  assert.ok(written.ok);
  assert.equal(written.value, read(link).stamp);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(target, 'utf8'), '\uFEFFa\r\nbc');
  assert.equal(statSync(target).mode & 0o777, 0o640);
});

test('what someone else changed meanwhile is not overwritten, and nothing is left lying about', () => {
  const place = join(folder, 'busy');
  mkdirSync(place);
  const path = join(place, 'a.txt');
  assert.ok(replaceTextFile(path, 'mine', null, 'a').ok);
  const { stamp } = read(path);
  writeFileSync(path, 'theirs');
  assert.equal(codeOf(replaceTextFile(path, 'late', stamp, 'a')), 'file-changed');
  assert.equal(codeOf(replaceTextFile(path, 'new', null, 'a')), 'file-changed');
  rmSync(path);
  assert.equal(codeOf(replaceTextFile(path, 'late', stamp, 'a')), 'file-changed');
  assert.deepEqual(readdirSync(place), []);
});

test('what can not be read or written has a problem with a remedy', () => {
  assert.equal(codeOf(readTextFile(join(folder, 'no'), 'no', 10)), 'file-missing');
  assert.equal(codeOf(readTextFile(folder, 'folder', 1e9)), 'not-a-file');
  writeFileSync(join(folder, 'large'), 'x'.repeat(11));
  assert.equal(codeOf(readTextFile(join(folder, 'large'), 'large', 10)), 'file-too-large');
  assert.equal(codeOf(replaceTextFile(join(folder, 'nowhere', 'x'), 'x', null, 'x')), 'file-missing');
});

/** Saves as a Jupyter server does: in place, with the old content beside it meanwhile. */
const SAVES = `
import sys
from jupyter_server.services.contents.fileio import atomic_writing
path = sys.argv[1]
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    with atomic_writing(path, encoding="utf-8") as file:
        file.write(f"<{number}")
        file.flush()
        file.write("x" * 10_000 + ">")
`;

test('a file that Jupyter is saving is read when it is whole, and not replaced before', async () => {
  const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
  const path = join(folder, 'saved.ipynb');
  const SAVED = 150;
  writeFileSync(path, '<>');
  const server = spawn(python, ['-c', SAVES, path, String(SAVED)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  await once(server.stdout, 'data');
  let reads = 0;
  let replaced = 0;
  while (server.exitCode === null) {
    const { text, stamp } = read(path);
    assert.match(text, /^<.*>$/s, `read as ${JSON.stringify(text.slice(0, 20))}`);
    reads += 1;
    if (codeOf(replaceTextFile(path, '<mine>', stamp, 'shown')) === 'ok') replaced += 1;
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  assert.deepEqual(await ended, [0, null]);
  assert.ok(reads > 10 && replaced > 0);
  // The last save came after all of ours, or ours after it: either stands there whole.
  assert.match(read(path).text, /^<(?:mine|149x+)>$/);
});

test('what a server left behind that was killed while it saved holds nobody up', () => {
  const path = join(folder, 'broken.ipynb');
  writeFileSync(path, '');
  writeFileSync(join(folder, '.~broken.ipynb'), '{}');
  assert.equal(read(path).text, '');
});

test('a write that is synced beside the rest changes the file, and one that comes too late nothing', async () => {
  const path = join(folder, 'later.txt');
  writeFileSync(path, 'before');
  const { stamp } = read(path);
  const written = await replaceTextFileLater(path, 'after', stamp, 'shown');
  assert.ok(written.ok);
  assert.deepEqual(read(path), { text: 'after', stamp: written.value });
  assert.equal(codeOf(await replaceTextFileLater(path, 'late', stamp, 'shown')), 'file-changed');
  assert.equal(read(path).text, 'after');
});

test('who leaves while a file is synced leaves nothing beside it', () => {
  const alone = mkdtempSync(join(folder, 'alone-'));
  const path = join(alone, 'file.txt');
  writeFileSync(path, 'before');
  const module = JSON.stringify(new URL('../../src/adapters/textFile.ts', import.meta.url).href);
  const program = `
    import { readdirSync } from 'node:fs';
    const { replaceTextFileLater, stampOf } = await import(${module});
    const path = ${JSON.stringify(path)};
    void replaceTextFileLater(path, 'after', stampOf(path), 'shown');
    process.stdout.write(String(readdirSync(${JSON.stringify(alone)}).length));
    process.exit();`;
  const hooks = fileURLToPath(new URL('../../scripts/typescript.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', hooks, '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  assert.equal(stdout, '2', stderr);
  assert.deepEqual(readdirSync(alone), ['file.txt']);
});
