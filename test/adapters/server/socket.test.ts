import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { register, registered, isInside } from '../../../src/adapters/server/registration.js';
import { isOwn, openRuntimeFolder } from '../../../src/adapters/server/runtimeFolder.js';
import { listenAt } from '../../../src/adapters/server/socket.js';
import { ProblemError } from '../../../src/protocol/problem.js';

const folder = mkdtempSync(join(tmpdir(), 'dagpy-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = (error: unknown): boolean | string | undefined =>
  error instanceof ProblemError ? error.problems[0]?.code : undefined;

const closed = (server: Server): Promise<void> => new Promise(resolve => server.close(() => resolve()));

test('a stale socket is removed, a living one and a file are not', async () => {
  const path = join(folder, 'a.sock');
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, path]);
  assert.ok(statSync(path).isSocket());
  const server = createServer();
  await listenAt(server, path);
  assert.equal(statSync(path).mode & 0o077, 0);
  await assert.rejects(listenAt(createServer(), path), error => codeOf(error) === 'socket-in-use');
  await closed(server);
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  await assert.rejects(listenAt(createServer(), file), error => codeOf(error) === 'socket');
  assert.ok(existsSync(file));
});

test('a path that systems would cut off is refused in words', async () => {
  const path = join(folder, 'x'.repeat(108));
  await assert.rejects(listenAt(createServer(), path), error => codeOf(error) === 'socket-path');
});

test('a runtime folder is closed to others, or it is not used', () => {
  process.env['TMPDIR'] = folder;
  const runtime = join(folder, 'runtime');
  mkdirSync(runtime);
  const made = openRuntimeFolder({ XDG_RUNTIME_DIR: runtime });
  assert.equal(made, join(runtime, 'dagpy'));
  assert.ok(isOwn(made));
  chmodSync(made, 0o777);
  assert.ok(!isOwn(made));
  assert.notEqual(openRuntimeFolder({ XDG_RUNTIME_DIR: runtime }), made);
  const link = join(folder, 'link');
  symlinkSync(folder, link);
  assert.ok(!isOwn(link));
  const long = join(folder, 'l'.repeat(120));
  assert.ok(openRuntimeFolder({ XDG_RUNTIME_DIR: long }).length < 100);
});

test('a daemon is found by the folders below its root while it lives', () => {
  const runtime = join(folder, 'found');
  mkdirSync(join(runtime, 'dagpy'), { recursive: true, mode: 0o700 });
  const environment = { XDG_RUNTIME_DIR: runtime };
  const about = { version: 1, program: 'x', socket: '/s', secret: 'y', since: 1 };
  const forget = register(join(runtime, 'dagpy'), { ...about, root: '/work' });
  const file = join(runtime, 'dagpy', `${String(process.pid)}.json`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(registered(environment, '/work/project').length, 1);
  assert.equal(registered(environment, '/workshop').length, 0);
  const [own] = registered(environment, '/work');
  writeFileSync(
    join(runtime, 'dagpy', '4194303.json'),
    JSON.stringify({ ...own, pid: 4194303, started: '1', root: '/' }),
  );
  writeFileSync(join(runtime, 'dagpy', '2.json'), '{"half":');
  assert.deepEqual(registered(environment, '/elsewhere'), []);
  forget();
  assert.deepEqual(registered(environment, '/work/project'), []);
});

test('inside is inside by whole names', () => {
  assert.ok(isInside('/a/b', '/a/b'));
  assert.ok(isInside('/a/b', '/a/b/c'));
  assert.ok(isInside('/a/b', '/a/b/..c'));
  assert.ok(!isInside('/a/b', '/a/bc'));
  assert.ok(!isInside('/a/b', '/a'));
});
