/** `serve`: the daemon. Put together here, ended by a signal or with whoever started it. */
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { findProject } from '../../adapters/dagFile/find.js';
import { register } from '../../adapters/server/registration.js';
import { openRuntimeFolder } from '../../adapters/server/runtimeFolder.js';
import { createDaemonServer } from '../../adapters/server/server.js';
import { listenAt } from '../../adapters/server/socket.js';
import { inProject, isCall, toldRun } from '../../protocol/resident/callTable.js';
import { openApi } from '../../protocol/resident/openapi.js';
import type { ActivityLine, ReadyLine } from '../../protocol/resident/parent.js';
import { RESIDENT_VERSION } from '../../protocol/resident/view.js';
import type { CallName } from '../../protocol/resident/calls.js';
import type { ServeOptions } from '../program.js';
import type { Session } from '../session.js';
import { carryOutCall, handlersOf } from './handlers.js';
import { PROGRAM } from './projectCalls.js';
import { giveTurn, runAndTell } from './runCalls.js';
import { createDaemonHost } from './serveHost.js';
import { openStream } from './streams.js';

/** The server that starts a daemon gives it the secret in this variable. */
const SECRET_VARIABLE = 'DAGPY_SERVE_SECRET';

export async function serve(session: Session, options: ServeOptions): Promise<number> {
  const { around } = session;
  const given = process.env[SECRET_VARIABLE];
  // Before anything looks at the environment: no block ever sees it.
  delete process.env[SECRET_VARIABLE];
  const secret = given === undefined || given === '' ? randomBytes(32).toString('hex') : given;
  const fault = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    session.note(`${new Date().toISOString()} bug: ${text}`);
  };
  let running = 0;
  const host = createDaemonHost({
    active(count) {
      if (count === running) return;
      running = count;
      const line: ActivityLine = { running };
      session.print(`${JSON.stringify(line)}\n`);
    },
    around,
    root: rootOf(session, options.root),
    note: text => session.note(text),
    fault,
  });
  const handlers = handlersOf(host);
  const { server, close } = createDaemonServer({
    secret,
    fault,
    openApi: () => openApi(PROGRAM),
    isCall,
    call: (name, parameters) => carryOutCall(handlers, name as CallName, parameters),
    told: {
      '/v1/runs': (given, listener) => runAndTell(host, toldRun.decode(given, 'parameters'), listener),
      '/v1/turns': (given, listener) => giveTurn(host, inProject.decode(given, 'parameters'), listener),
    },
    connect: client => openStream({ host, handlers, fault }, client),
  });
  const folder = openRuntimeFolder(around.environment);
  const socket =
    options.socket === undefined
      ? join(folder, `${String(process.pid)}.sock`)
      : resolve(around.cwd, options.socket);
  await listenAt(server, socket);
  const unregister = register(folder, {
    version: RESIDENT_VERSION,
    program: PROGRAM,
    socket,
    secret,
    root: host.root,
    since: Date.now(),
  });
  const ended = untilEnd(options.withParent === true);
  const ready: ReadyLine = { version: RESIDENT_VERSION, socket, pid: process.pid };
  session.print(`${JSON.stringify(ready)}\n`);
  if (options.json !== true) session.note(`serving ${host.root}; Ctrl-C ends it`);
  await ended;
  // Open, it would keep this process.
  process.stdin.destroy();
  unregister();
  await host.close();
  await close();
  return 0;
}

/** That of `--root`, else the project of the call, else the working folder. */
function rootOf({ around, folder }: Session, given: string | undefined): string {
  if (given !== undefined) return resolve(around.cwd, given);
  return findProject(around.cwd).ok ? folder() : around.cwd;
}

/** A signal, or with `withParent` the end of standard input, which the one who started us holds open. */
function untilEnd(withParent: boolean): Promise<void> {
  return new Promise(settle => {
    process.once('SIGINT', () => settle());
    process.once('SIGTERM', () => settle());
    process.once('SIGHUP', () => settle());
    if (!withParent) return;
    process.stdin.on('end', () => settle());
    process.stdin.on('close', () => settle());
    process.stdin.on('error', () => settle());
    process.stdin.resume();
  });
}
