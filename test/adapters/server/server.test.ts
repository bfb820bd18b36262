import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import WebSocket from 'ws';
import { createDaemonServer, type StreamClient } from '../../../src/adapters/server/server.js';
import { listenAt } from '../../../src/adapters/server/socket.js';
import { DecodeError } from '../../../src/protocol/decode.js';
import { ProblemError } from '../../../src/protocol/problem.js';

const SECRET = 's'.repeat(64);
const folder = mkdtempSync(join(tmpdir(), 'dagpy-test-'));
const socket = join(folder, 's');
const faults: unknown[] = [];
const clients: StreamClient[] = [];
const received: unknown[] = [];
const left: string[] = [];

const { server, close } = createDaemonServer({
  secret: SECRET,
  openApi: () => ({ openapi: '3.1.0' }),
  isCall: name => ['echo', 'refuse', 'decode', 'crash'].includes(name),
  call(name, parameters) {
    if (name === 'refuse') throw new ProblemError([{ code: 'no', message: 'no', remedy: 'ask again' }]);
    if (name === 'decode') throw new DecodeError('parameters.x: text expected');
    if (name === 'crash') throw new TypeError('undefined is not a function');
    return Promise.resolve(parameters);
  },
  told: {
    async '/v1/runs'(parameters, { write, gone }) {
      write({ kind: 'queued' });
      if ('broken' in (parameters as object)) throw new ProblemError([]);
      if ('waits' in (parameters as object))
        await new Promise<void>(resolve =>
          gone.addEventListener('abort', () => {
            left.push('a client');
            resolve();
          }),
        );
      const { lines = 0 } = parameters as { lines?: number };
      for (let line = 0; line < lines; line += 1) {
        write({ kind: 'event', text: 'x'.repeat(1000) });
        if (line % 100 === 0) await new Promise(resolve => setImmediate(resolve));
      }
      return { kind: 'end' };
    },
  },
  mostWaitingLines: 100_000,
  connect(client) {
    clients.push(client);
    client.send({ kind: 'hello', version: 1, program: 'x' });
    return { receive: message => void received.push(message), closed: () => undefined };
  },
  fault: error => void faults.push(error),
});

before(() => listenAt(server, socket));
after(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const headers = { 'X-Dagpy-Secret': SECRET };

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(
  path: string,
  body: string | Buffer,
  { method = 'POST', secret = SECRET as string | null } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = secret === null ? {} : { 'X-Dagpy-Secret': secret };
    const asking = request({ socketPath: socket, path, method, headers }, (response: IncomingMessage) => {
      let text = '';
      response.on('data', piece => (text += String(piece)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

const codeIn = ({ text }: Answer): string =>
  (JSON.parse(text) as { problems: { code: string }[] }).problems[0]!.code;

test('without the secret nothing is answered', async () => {
  for (const path of ['/v1/calls/echo', '/v1/openapi.json', '/v1/runs', '/']) {
    assert.equal((await ask(path, '{}', { secret: '' })).status, 403);
    assert.equal((await ask(path, '{}', { secret: 'x' })).status, 403);
    assert.equal((await ask(path, '{}', { secret: null })).status, 401);
  }
});

test('calls are answered, refused, and never bring the server down', async () => {
  assert.deepEqual(await ask('/v1/calls/echo', '{"a":[1]}'), { status: 200, text: '{"a":[1]}' });
  assert.deepEqual(await ask('/v1/calls/echo', ''), { status: 200, text: '{}' });
  assert.equal((await ask('/v1/calls/refuse', '{}')).status, 400);
  assert.equal(codeIn(await ask('/v1/calls/decode', '{}')), 'call');
  for (const body of ['{', '\0', '"'.repeat(5), Buffer.from([0xff, 0xfe]), '{"a":1}}'])
    assert.equal((await ask('/v1/calls/echo', body)).status, 400);
  assert.equal(faults.length, 0);
  const crashed = await ask('/v1/calls/crash', '{}');
  assert.equal(crashed.status, 500);
  assert.equal(codeIn(crashed), 'bug');
  assert.equal(faults.length, 1);
  assert.equal((await ask('/v1/calls/nothing', '{}')).status, 404);
  assert.equal((await ask('/v1/calls/../echo', '{}')).status, 404);
  assert.equal((await ask('/v1/calls/echo', '', { method: 'GET' })).status, 405);
  assert.equal((await ask('/v1/openapi.json?x=1', '', { method: 'GET' })).status, 200);
});

test('large bodies are taken', async () => {
  const large = JSON.stringify({ text: 'x'.repeat(50_000_000) });
  assert.equal((await ask('/v1/calls/echo', large)).text.length, large.length);
});

test('a run is told line by line, with how it broke off', async () => {
  assert.deepEqual((await ask('/v1/runs', '{}')).text.split('\n'), [
    '{"kind":"queued"}',
    '{"kind":"end"}',
    '',
  ]);
  assert.match((await ask('/v1/runs', '{"broken":1}')).text, /\{"kind":"broken","problems":\[\]\}/);
});

test('lines that nobody reads do not pile up, and the last one comes', async () => {
  const LINES = 20_000;
  const { text, waited } = await new Promise<{ text: string; waited: number }>((resolve, reject) => {
    const asking = request({ socketPath: socket, path: '/v1/runs', method: 'POST', headers }, response => {
      // As a terminal that was suspended: nothing is read for a while.
      response.pause();
      setTimeout(() => {
        let whole = '';
        response.on('data', piece => (whole += String(piece)));
        response.on('end', () => resolve({ text: whole, waited: LINES * 1000 }));
        response.resume();
      }, 1_500);
    });
    asking.on('error', reject);
    asking.end(JSON.stringify({ lines: LINES }));
  });
  assert.ok(text.length < waited / 4, `${String(text.length)} of ${String(waited)} bytes were kept`);
  const last = JSON.parse(text.trimEnd().split('\n').at(-1)!) as { kind: string; leftOut: number };
  assert.equal(last.kind, 'end');
  assert.equal(text.split('\n').filter(line => line.includes('"event"')).length + last.leftOut, LINES);
});

test('it is told that a client has gone', async () => {
  const asking = request({ socketPath: socket, path: '/v1/runs', method: 'POST', headers });
  asking.on('error', () => undefined);
  asking.end('{"waits":1}');
  await new Promise<void>(resolve =>
    asking.on('response', response => response.once('data', () => resolve())),
  );
  asking.destroy();
  for (let turn = 0; left.length === 0 && turn < 500; turn += 1)
    await new Promise(resolve => setTimeout(resolve, 10));
  assert.deepEqual(left, ['a client']);
});

test('a stream needs the secret and its path, and survives what makes no sense', async () => {
  const open = (path: string, headers: Record<string, string>): Promise<WebSocket | string> =>
    new Promise(resolve => {
      const stream = new WebSocket(`ws+unix://${socket}:${path}`, { headers });
      stream.on('open', () => resolve(stream));
      stream.on('error', error => resolve(error.message));
    });
  assert.match(String(await open('/v1/stream', {})), /401/);
  assert.match(String(await open('/v1/stream', { 'X-Dagpy-Secret': 'no' })), /403/);
  assert.match(String(await open('/elsewhere', { 'X-Dagpy-Secret': SECRET })), /404/);
  for (const nonsense of ['{', Buffer.from([1, 2, 3])]) {
    const stream = await open('/v1/stream', { 'X-Dagpy-Secret': SECRET });
    assert.ok(stream instanceof WebSocket);
    const ended = new Promise(resolve => stream.on('close', resolve));
    stream.send(nonsense);
    assert.equal(await ended, 1007);
  }
  const stream = await open('/v1/stream', { 'X-Dagpy-Secret': SECRET });
  assert.ok(stream instanceof WebSocket);
  stream.send('{"kind":"follow"}');
  while (received.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
  assert.deepEqual(received, [{ kind: 'follow' }]);
  stream.terminate();
});

test('what is no HTTP at all is closed', async () => {
  const end = await new Promise<string>(resolve => {
    const raw = connect(socket);
    let text = '';
    raw.on('data', piece => (text += String(piece)));
    raw.on('close', () => resolve(text));
    raw.write('\x16\x03\x01 nonsense\r\n\r\n');
  });
  assert.match(end, /400/);
  assert.equal((await ask('/v1/calls/echo', '{}')).status, 200);
});
