/** Frames of workers, messages of clients, and the ends that listen for them: nothing that comes in brings them down. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDaemonServer, SECRET_HEADER } from '../../src/adapters/server/server.js';
import { listenAt } from '../../src/adapters/server/socket.js';
import { openChannel } from '../../src/adapters/workers/channel.js';
import {
  decodeFromHelper,
  decodeFromHost,
  decodeFromWorker,
  ProtocolError,
} from '../../src/adapters/workers/decode.js';
import { encodeFrame, FrameReader } from '../../src/adapters/workers/frames.js';
import { DecodeError } from '../../src/protocol/decode.js';
import { callNames, callTable, toldRun } from '../../src/protocol/resident/callTable.js';
import { projectView } from '../../src/protocol/resident/viewSchemas.js';
import { WORKER_PROTOCOL } from '../../src/protocol/workerMessages.js';
import { counted, howMany } from '../proof.js';
import { fuzz } from './expect.js';
import { chance, random, spoilBytes, spoilValue } from './mutate.js';

const stamp = { device: '1', inode: '2', size: 3, mtime: '4', ctime: '5' };
const blob = { file: '0', size: 5, digest: 'ab'.repeat(32) };
const fromWorkers = [
  { type: 'begun' },
  { type: 'cellStarted', ordinal: 0 },
  { type: 'output', ordinal: 0, output: { output_type: 'stream', name: 'stdout', text: 'ä\n' } },
  { type: 'output', ordinal: 1, output: { output_type: 'error', ename: 'E', evalue: '', traceback: ['x'] } },
  { type: 'updateDisplay', displayId: 'd', data: { 'text/plain': 'x' }, metadata: {} },
  { type: 'replaying', block: 'a' },
  { type: 'unfit', why: 'outdated' },
  {
    type: 'done',
    status: 'ok',
    error: null,
    components: [
      {
        names: ['x'],
        head: blob,
        buffers: [
          { ...blob, within: null },
          { ...blob, file: null, within: { digest: 'ab'.repeat(32), size: 9, offset: 4 } },
        ],
        lineTables: null,
        variables: [{ name: 'x', type: 'int', bytes: 5, summary: '1' }],
        reaches: ['f'],
        hidden: [],
      },
    ],
    withheld: [{ name: 'g', type: 'generator', why: 'opaque', detail: 'no' }],
    ambient: [{ adapter: 'random', state: blob }],
    discoveries: {
      files: [{ path: '/a', stamp }],
      folders: [{ path: '/a', entries: ['b'] }],
      modules: [{ name: 'm', path: '/m.py', stamp: null }],
      environment: [{ name: 'HOME', value: '/x' }],
      packages: [{ name: 'numpy', version: '2', location: '/l' }],
      ambientUsed: [],
      written: ['/a/out'],
      writtenBefore: [],
      appended: [],
      external: [],
      untracked: [],
      imports: ['numpy'],
    },
    widgets: null,
    warnings: [],
    seconds: 0.5,
    peakBytes: 1e9,
    held: false,
  },
] as const;
const fromOthers = [
  { type: 'ready', modules: ['numpy'], forkSafe: true, why: '' },
  { type: 'forked', job: 'j', pid: 7 },
  { type: 'exited', job: 'j', pid: 7, code: null, signal: 9, peakBytes: 5 },
  { type: 'facts', request: 1, cells: [{ canonical: 'x' }] },
] as const;
const all = [...fromWorkers, ...fromOthers] as const;

/** What is nested too deeply for our own end is sent as the brackets of lists alone. */
function framed(message: unknown): Uint8Array {
  try {
    return encodeFrame(message as object);
  } catch {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(100_000);
    return Buffer.concat([header, Buffer.alloc(100_000, 0x91)]);
  }
}

test('what this corpus begins with is understood', () => {
  for (const message of fromWorkers) assert.deepEqual(decodeFromWorker(message), message);
  for (const message of fromOthers.slice(0, 3)) assert.deepEqual(decodeFromHost(message), message);
  assert.deepEqual(decodeFromHelper(fromOthers[3]), fromOthers[3]);
});

test('frames: whole messages or a broken protocol', () => {
  let understood = 0;
  fuzz(
    'frames',
    howMany(4000, 200_000),
    luck => {
      const messages = Array.from({ length: 1 + luck.below(3) }, () => {
        const message = all[luck.below(all.length)];
        return framed(luck.below(2) === 0 ? spoilValue(luck, message) : message);
      });
      return luck.below(2) === 0 ? Buffer.concat(messages) : spoilBytes(luck, Buffer.concat(messages));
    },
    (bytes, luck) => {
      const reader = new FrameReader();
      try {
        for (let at = 0; at < bytes.length;) {
          const end = at + 1 + luck.below(bytes.length);
          for (const frame of reader.push(Buffer.from(bytes.subarray(at, end)))) {
            for (const decode of [decodeFromWorker, decodeFromHost, decodeFromHelper]) {
              try {
                decode(frame);
                understood += 1;
              } catch (error) {
                if (!(error instanceof ProtocolError)) throw error;
              }
            }
          }
          at = end;
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
    },
  );
  assert.ok(understood > 100, 'hardly anything came through');
});

test("clients' calls: decoded, or refused", () => {
  const call = {
    project: '/a/b',
    target: { kind: 'blocks', blocks: ['a'] },
    block: 'a',
    path: 'a.ipynb',
    folder: '/a',
    name: 'x',
    notebook: { cells: [{ id: 'a', source: 'x' }] },
    parent: 'a',
    child: 'b',
    text: 'x',
    jobs: 2,
    parameters: { x: [1, { y: null }] },
    environment: { HOME: '/' },
    force: true,
  };
  const schemas = [toldRun, projectView, ...callNames.map(name => callTable[name].parameters)] as const;
  fuzz(
    'calls',
    howMany(4000, 100_000),
    luck => spoilValue(luck, call),
    (value, luck) => {
      try {
        schemas[luck.below(schemas.length)]?.decode(value, 'parameters');
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    },
  );
});

/** Sends bytes and waits until the other end closes, or answers, or does neither for a moment. */
function shoot(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  return new Promise(resolve => {
    const socket: Socket = connect(path);
    const done = (): void => {
      socket.destroy();
      resolve();
    };
    socket.on('error', done).on('close', done).on('data', done);
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
      // Half of them leave at once, as a process does that is killed.
      if ((pieces[0]?.length ?? 0) % 2 === 0) socket.end();
      setTimeout(done, 20);
    });
  });
}

test('the end that workers connect to outlives whatever they send', async () => {
  const channel = await openChannel();
  let peers = 0;
  let heard = 0;
  channel.onPeer(peer => {
    peers += 1;
    peer.onMessage(message => {
      heard += 1;
      decodeFromHost(message);
    });
  });
  const hello = {
    type: 'hello',
    protocol: WORKER_PROTOCOL,
    secret: channel.secret,
    role: 'host',
    pid: 1,
    job: '',
  };
  const path = channel.address.slice('unix:'.length);
  const times = howMany(100, 3000);
  for (let number = 0; number < times; number++) {
    const luck = chance(number);
    const greeting = framed(luck.below(3) === 0 ? spoilValue(luck, hello) : hello);
    const message = framed(spoilValue(luck, all[luck.below(all.length)]));
    const rest = luck.pick([message, spoilBytes(luck, message), random(luck, 200)]);
    await shoot(path, luck.below(8) === 0 ? [random(luck, luck.below(300))] : [greeting, rest]);
  }
  assert.ok(peers > times / 4 && heard > times / 8, `${peers} peers, ${heard} messages`);
  counted('connections of workers', times);
  channel.close();
});

test('the daemon outlives whatever its clients send', async () => {
  const secret = 's'.repeat(64);
  const folder = mkdtempSync(join(tmpdir(), 'dagpy-fuzz-'));
  const faults: unknown[] = [];
  let calls = 0;
  const { server, close } = createDaemonServer({
    secret,
    openApi: () => ({}),
    isCall: name => Object.hasOwn(callTable, name),
    call: (name, parameters) => {
      calls += 1;
      return Promise.resolve(
        callTable[name as keyof typeof callTable].parameters.decode(parameters, 'parameters'),
      );
    },
    told: {
      '/v1/runs': parameters => {
        toldRun.decode(parameters, 'parameters');
        return Promise.resolve({ kind: 'end' });
      },
    },
    connect: () => ({
      receive: message => void toldRun.decode(message, 'message'),
      closed: () => undefined,
    }),
    fault: error => void faults.push(error),
  });
  await listenAt(server, join(folder, 's'));
  const times = howMany(150, 3000);
  for (let number = 0; number < times; number++) {
    const luck = chance(number);
    const body =
      JSON.stringify(spoilValue(luck, { project: '/a', target: { kind: 'all' }, path: '/x' })) ?? '';
    const path = luck.pick([
      'calls/view',
      'calls/run',
      'calls/locate',
      'runs',
      'openapi.json',
      'calls/__proto__',
      '..',
    ]);
    const length = luck.below(4) === 0 ? luck.pick([0, -1, 1e9, 3]) : Buffer.byteLength(body);
    const post = `POST /v1/${path} HTTP/1.1\r\nHost: x\r\n${SECRET_HEADER}: ${secret}\r\nContent-Length: ${length}\r\n\r\n${body}`;
    const upgrade =
      `GET /v1/stream HTTP/1.1\r\nHost: x\r\n${SECRET_HEADER}: ${secret}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';
    const frame = maskedFrame(Buffer.from(body).subarray(0, 120));
    const sent = luck.pick<readonly Uint8Array[]>([
      [Buffer.from(post)],
      [spoilBytes(luck, Buffer.from(post))],
      [Buffer.from(upgrade), frame],
      [Buffer.from(upgrade), spoilBytes(luck, frame)],
      [random(luck, 100)],
    ]);
    await shoot(join(folder, 's'), sent);
  }
  assert.deepEqual(faults, []);
  assert.ok(calls > times / 20, `${calls} calls came through`);
  assert.ok(server.listening);
  counted('connections of clients', times);
  await close();
  rmSync(folder, { recursive: true });
});

/** One short text message, masked with zeros. */
function maskedFrame(body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}
