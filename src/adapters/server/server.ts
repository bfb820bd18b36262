/** HTTP and WebSocket for the daemon's calls. Whoever has the secret may ask; nothing is believed before it is decoded. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { DecodeError } from '../../protocol/decode.js';
import type { Json } from '../../protocol/dagFile.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { FromDaemon } from '../../protocol/resident/stream.js';

/** Notebooks with their outputs can be large; bytes. */
export const LARGEST_MESSAGE = 300_000_000;
/** A client that does not read what it asked for is let go, bytes. */
const MOST_WAITING = 256_000_000;
/** Of lines that a client does not read, such as a terminal that was suspended; further ones are left out, bytes. */
const MOST_WAITING_LINES = 8_000_000;

export const SECRET_HEADER = 'x-dagpy-secret';

export interface StreamClient {
  send(message: FromDaemon): void;
}

export interface StreamEnd {
  /** @param message as it came, after `JSON.parse` */
  receive(message: unknown): void;
  closed(): void;
}

/** Who asked for something that is told line by line. */
export interface Listener {
  /** Left out where many lines wait to be read. */
  write(line: object): void;
  /** Aborted when nobody listens any more. */
  readonly gone: AbortSignal;
}

export interface ServerPorts {
  readonly secret: string;
  openApi(): Json;
  isCall(name: string): boolean;
  /** @param parameters not decoded. Throws a `DecodeError` or `ProblemError` for wrong ones */
  call(name: string, parameters: unknown): Promise<unknown>;
  /** What is told line by line, by its path. What it throws before the first line is a refusal. @returns the last line */
  readonly told: Readonly<
    Record<string, ((parameters: unknown, listener: Listener) => Promise<object>) | undefined>
  >;
  /** Absent: 8 MB. */
  readonly mostWaitingLines?: number;
  connect(client: StreamClient): StreamEnd;
  /** A bug. */
  fault(error: unknown): void;
}

export function createDaemonServer(ports: ServerPorts): { readonly server: Server; close(): Promise<void> } {
  const server = createServer((request, response) => {
    answer(ports, request, response).catch((error: unknown) => {
      ports.fault(error);
      response.destroy();
    });
  });
  // Calls may wait for a run that is on.
  server.requestTimeout = 0;
  server.headersTimeout = 10_000;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refused = refusalOf(ports.secret, request) ?? (pathOf(request) === '/v1/stream' ? null : 404);
    if (refused !== null) reject(socket, refused);
    else sockets.handleUpgrade(request, socket, head, opened => attach(ports, opened));
  });
  server.on('clientError', (_, socket) => reject(socket, 400));
  return {
    server,
    close: () =>
      new Promise(resolve => {
        for (const client of sockets.clients) client.close(1001);
        server.close(() => resolve());
        setTimeout(() => {
          for (const client of sockets.clients) client.terminate();
          server.closeAllConnections();
        }, 200).unref();
      }),
  };
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

/** @returns `null`: the secret is right */
function refusalOf(secret: string, { headers }: IncomingMessage): 401 | 403 | null {
  const given = headers[SECRET_HEADER];
  if (typeof given !== 'string') return 401;
  const [is, should] = [Buffer.from(given), Buffer.from(secret)];
  return is.length === should.length && timingSafeEqual(is, should) ? null : 403;
}

function reject(socket: Duplex, status: number): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${String(status)} Refused\r\nConnection: close\r\n\r\n`);
  else socket.destroy();
}

async function answer(ports: ServerPorts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // First: who is still sending when it is answered and left hears of a broken pipe, and not of what is wrong.
  const body = await bodyOf(request);
  const refused = refusalOf(ports.secret, request);
  if (refused !== null) {
    const message = refused === 401 ? 'the secret is missing' : 'the secret is wrong';
    return refuse(response, refused, [
      { code: 'secret', message, remedy: `send the header ${SECRET_HEADER}` },
    ]);
  }
  const path = pathOf(request);
  if (path === '/v1/openapi.json') {
    if (request.method === 'GET') return reply(response, 200, ports.openApi());
    return refuse(response, 405, [wrongMethod('GET')]);
  }
  const name = /^\/v1\/calls\/([A-Za-z]+)$/.exec(path)?.[1];
  const told = Object.hasOwn(ports.told, path) ? ports.told[path] : undefined;
  const isKnown = told !== undefined || (name !== undefined && ports.isCall(name));
  if (!isKnown)
    return refuse(response, 404, [
      { code: 'unknown-call', message: `there is no ${path}`, remedy: 'see /v1/openapi.json' },
    ]);
  if (request.method !== 'POST') return refuse(response, 405, [wrongMethod('POST')]);
  if (body === 'too large')
    return refuse(response, 413, [
      {
        code: 'too-large',
        message: `the body has more than ${String(LARGEST_MESSAGE)} bytes`,
        remedy: 'send less; clear large outputs of the notebook first',
      },
    ]);
  if (body === 'broken off') return;
  try {
    const parameters = parsed(body);
    if (name !== undefined) return reply(response, 200, await ports.call(name, parameters));
    if (told !== undefined) await tell(ports, told, parameters, response);
  } catch (error) {
    const { status, problems } = problemsOf(ports, error);
    if (!response.headersSent) return refuse(response, status, problems);
    response.end(`${JSON.stringify({ kind: 'broken', problems })}\n`);
  }
}

async function tell(
  { mostWaitingLines = MOST_WAITING_LINES }: ServerPorts,
  told: NonNullable<ServerPorts['told'][string]>,
  parameters: unknown,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  let leftOut = 0;
  const write = (line: object): void => {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    if (response.writableLength > mostWaitingLines) leftOut += 1;
    else response.write(`${JSON.stringify(line)}\n`);
  };
  const last = await told(parameters, { write, gone: gone.signal });
  response.end(`${JSON.stringify(leftOut === 0 ? last : { ...last, leftOut })}\n`);
}

const wrongMethod = (method: string): Problem => ({
  code: 'method',
  message: 'this is asked in another way',
  remedy: `send it with ${method}`,
});

function parsed(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new DecodeError(`the body is no JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | 'too large' | 'broken off'> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of request) {
      const bytes = piece as Buffer;
      size += bytes.length;
      if (size > LARGEST_MESSAGE) return 'too large';
      pieces.push(bytes);
    }
  } catch {
    return 'broken off';
  }
  return Buffer.concat(pieces).toString('utf8');
}

function reply(response: ServerResponse, status: number, content: unknown): void {
  const text = JSON.stringify(content);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, problems: readonly Problem[]): void {
  // What is left of a large body is not waited for.
  if (status !== 400) response.setHeader('Connection', 'close');
  reply(response, status, { problems });
}

function problemsOf(
  ports: Pick<ServerPorts, 'fault'>,
  error: unknown,
): { readonly status: number; readonly problems: readonly Problem[] } {
  if (error instanceof ProblemError) return { status: 400, problems: error.problems };
  if (error instanceof DecodeError)
    return {
      status: 400,
      problems: [{ code: 'call', message: error.message, remedy: 'see /v1/openapi.json for what is asked' }],
    };
  // Nested so deeply that walking through it takes all of the stack.
  if (error instanceof RangeError && error.message.includes('call stack'))
    return {
      status: 400,
      problems: [{ code: 'call', message: error.message, remedy: 'send something simpler' }],
    };
  ports.fault(error);
  const message = error instanceof Error ? error.message : String(error);
  return {
    status: 500,
    problems: [
      {
        code: 'bug',
        message: `this is a bug of DAGpy: ${message}`,
        remedy: "please report it with what the server's log says",
      },
    ],
  };
}

function attach(ports: ServerPorts, socket: WebSocket): void {
  const client: StreamClient = {
    send(message) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MOST_WAITING) socket.terminate();
      else socket.send(JSON.stringify(message));
    },
  };
  const end = ports.connect(client);
  socket.on('error', () => socket.terminate());
  socket.on('close', () => end.closed());
  socket.on('message', (data: Buffer, isBinary) => {
    try {
      if (isBinary) throw new DecodeError('a text expected');
      end.receive(parsed(data.toString('utf8')));
    } catch (error) {
      problemsOf(ports, error);
      socket.close(1007);
    }
  });
}

/** For calls over the stream, which have no status. */
export const problemsIn = (ports: Pick<ServerPorts, 'fault'>, error: unknown): readonly Problem[] =>
  problemsOf(ports, error).problems;
