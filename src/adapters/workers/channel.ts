/**
 * The listening end that hosts, workers and helpers connect to. A peer must show the secret of this process and speak
 * the same protocol before any of its frames is believed.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKER_PROTOCOL, type Hello } from '../../protocol/workerMessages.js';
import { ProtocolError } from './decode.js';
import { encodeFrame, FrameReader } from './frames.js';

/** Node silently truncates longer Unix socket paths. */
const MAX_SOCKET_PATH = 100;
const HANDSHAKE_MILLISECONDS = 30_000;

/** One connected Python process after its handshake. */
export interface Peer {
  readonly hello: Hello;
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

export interface Channel {
  /** What Python is told to connect to: `unix:/path` or `tcp:127.0.0.1:port`. */
  readonly address: string;
  readonly secret: string;
  /** Called for every peer that passed the handshake. */
  onPeer(listener: (peer: Peer) => void): void;
  close(): void;
}

export async function openChannel(): Promise<Channel> {
  const secret = randomBytes(32).toString('hex');
  const listeners: ((peer: Peer) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    greet(socket, secret, peer => {
      for (const listener of listeners) listener(peer);
    });
  });
  const { address, folder } = await listen(server);
  server.unref();
  return {
    address,
    secret,
    onPeer: listener => void listeners.push(listener),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<{ address: string; folder?: string }> {
  if (process.platform === 'win32') {
    await started(server, () => server.listen(0, '127.0.0.1'));
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no loopback address');
    return { address: `tcp:127.0.0.1:${bound.port}` };
  }
  const folder = socketFolder();
  const path = join(folder, 's');
  await started(server, () => server.listen(path));
  return { address: `unix:${path}`, folder };
}

/** A new folder that only this user can enter: the runtime folder, or the temporary one where that path is too long. */
function socketFolder(): string {
  for (const base of [process.env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp']) {
    if (base === undefined || base === '' || base.length > MAX_SOCKET_PATH - 20) continue;
    try {
      return mkdtempSync(join(base, 'dagpy-'));
    } catch {
      continue;
    }
  }
  throw new Error(
    'no folder for a socket: set XDG_RUNTIME_DIR or TMPDIR to a short path that can be written',
  );
}

function started(server: Server, listenNow: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve());
    listenNow();
  });
}

/** Reads the first frame as a `Hello`; anything else closes the connection without an answer. */
function greet(socket: Socket, secret: string, accept: (peer: Peer) => void): void {
  const reader = new FrameReader();
  let messageListener: ((message: unknown) => void) | undefined;
  const waiting: unknown[] = [];
  let greeted = false;
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MILLISECONDS);
  timer.unref();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(timer));
  socket.on('data', (chunk: Buffer) => {
    let frames: unknown[];
    try {
      frames = reader.push(chunk);
    } catch {
      socket.destroy();
      return;
    }
    for (const frame of frames) {
      if (greeted) {
        if (messageListener === undefined) waiting.push(frame);
        else if (!heard(messageListener, frame)) {
          socket.destroy();
          return;
        }
        continue;
      }
      const hello = asHello(frame, secret);
      if (hello === undefined) {
        socket.destroy();
        return;
      }
      greeted = true;
      clearTimeout(timer);
      accept({
        hello,
        send: message => {
          if (!socket.destroyed) socket.write(encodeFrame(message));
        },
        onMessage: listener => {
          messageListener = listener;
          for (const early of waiting.splice(0)) if (!heard(listener, early)) socket.destroy();
        },
        onClose: listener => {
          if (socket.destroyed) queueMicrotask(listener);
          else socket.once('close', listener);
        },
        close: () => socket.destroy(),
      });
    }
  });
}

/** `false`: it breaks the protocol, so that the connection is of no use; its process leaves when that ends. */
function heard(listener: (message: unknown) => void, frame: unknown): boolean {
  try {
    listener(frame);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

const ROLES: ReadonlySet<unknown> = new Set<Hello['role']>(['host', 'worker', 'helper', 'holder']);

function asHello(frame: unknown, secret: string): Hello | undefined {
  if (typeof frame !== 'object' || frame === null) return undefined;
  const hello = frame as Partial<Hello>;
  if (hello.type !== 'hello' || hello.protocol !== WORKER_PROTOCOL) return undefined;
  if (typeof hello.secret !== 'string' || typeof hello.pid !== 'number' || typeof hello.job !== 'string')
    return undefined;
  if (!ROLES.has(hello.role)) return undefined;
  const given = Buffer.from(hello.secret);
  const wanted = Buffer.from(secret);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return hello as Hello;
}
