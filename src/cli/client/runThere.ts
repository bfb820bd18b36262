/** Hands a run to the daemon that serves the project, and tells what happens as if it ran here. */
import type { IncomingMessage } from 'node:http';
import { realpathSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { registered, type Registration } from '../../adapters/server/registration.js';
import type { RunRequest } from '../../engine/index.js';
import type { Json } from '../../protocol/dagFile.js';
import type { RunEvent } from '../../protocol/events.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { RunReport } from '../../protocol/reports.js';
import { RESIDENT_VERSION } from '../../protocol/resident/view.js';
import { definedOnly } from '../environment.js';
import type { Session } from '../session.js';

export interface AskedThere {
  readonly folder: string;
  readonly request: RunRequest;
  readonly jobs: number;
  /** Values that the call gives, by name. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** Names the call, for its answer to be kept. */
  readonly asked: string | undefined;
  /** Aborted when the person has had enough. */
  readonly cancel: AbortSignal;
  emit(event: RunEvent): void;
}

export interface EndThere {
  readonly report: RunReport;
  readonly problems: readonly Problem[];
  readonly isCancelled: boolean;
}

type Line =
  | { readonly kind: 'queued'; readonly run: string }
  | { readonly kind: 'event'; readonly event: RunEvent }
  | ({ readonly kind: 'end' } & EndThere)
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

/** @returns `undefined`: no daemon of this program serves the project, so it runs here */
export async function runThere(session: Session, asked: AskedThere): Promise<EndThere | undefined> {
  const folder = realpathSync(asked.folder);
  const program = process.env['DAGPY_VERSION'] ?? 'development';
  const all = registered(session.around.environment, folder);
  for (const daemon of all) {
    if (daemon.version !== RESIDENT_VERSION || daemon.program !== program) continue;
    const ended = await attempt(session, daemon, folder, asked);
    if (ended !== undefined) return ended;
  }
  return undefined;
}

async function attempt(
  session: Session,
  daemon: Registration,
  folder: string,
  { request: { target, force }, jobs, parameters, asked, cancel, emit }: AskedThere,
): Promise<EndThere | undefined> {
  const project = relative(daemon.root, folder).replaceAll(sep, '/');
  const environment = definedOnly(session.around.environment);
  const body = { project, target, force, jobs, parameters, environment, by: 'a terminal', asked };
  const response = await post(daemon, '/v1/runs', body);
  if (response === undefined) return undefined;
  if (response.statusCode !== 200) {
    // Whoever has taken its place is no daemon of ours.
    if (response.statusCode === 401 || response.statusCode === 403) return void response.resume();
    let text = '';
    for await (const piece of response) text += String(piece);
    throw new ProblemError((JSON.parse(text) as { readonly problems: readonly Problem[] }).problems);
  }
  let run: string | undefined;
  const takeBack = (): void => {
    if (run !== undefined)
      void post(daemon, '/v1/calls/cancel', { project, run }).then(answer => void answer?.resume());
  };
  cancel.addEventListener('abort', takeBack);
  try {
    for await (const line of lines(response)) {
      if (line.kind === 'end') return line;
      if (line.kind === 'broken') throw new ProblemError(line.problems);
      if (line.kind === 'event') emit(line.event);
      else {
        ({ run } = line);
        if (cancel.aborted) takeBack();
      }
    }
  } finally {
    cancel.removeEventListener('abort', takeBack);
  }
  throw new ProblemError([
    {
      code: 'daemon-lost',
      message: `the daemon that ran the blocks ended (process ${String(daemon.pid)})`,
      remedy: 'run again: what was finished is kept',
    },
  ]);
}

/** @returns `undefined`: nobody answers */
function post(
  { socket, secret }: Registration,
  path: string,
  body: object,
): Promise<IncomingMessage | undefined> {
  // Loaded only where there is somebody to talk to.
  const { request } = process.getBuiltinModule('node:http');
  return new Promise(resolve => {
    const text = JSON.stringify(body);
    const headers = { 'X-Dagpy-Secret': secret, 'Content-Length': Buffer.byteLength(text) };
    const asking = request({ socketPath: socket, path, method: 'POST', headers }, resolve);
    asking.on('error', () => resolve(undefined));
    asking.end(text);
  });
}

async function* lines(response: IncomingMessage): AsyncGenerator<Line> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const piece of response) {
      const parts = `${rest}${String(piece)}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield JSON.parse(part) as Line;
    }
  } catch (error) {
    // Broken off: what is missing is told by whoever waits for the end.
    if (error instanceof ProblemError || error instanceof SyntaxError) throw error;
  }
}
