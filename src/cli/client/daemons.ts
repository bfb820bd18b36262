/** Daemons that serve a project, as a terminal finds and asks them. */
import { realpathSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { relative, sep } from 'node:path';
import { registered, type Registration } from '../../adapters/server/registration.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import { RESIDENT_VERSION } from '../../protocol/resident/view.js';
import type { Session } from '../session.js';

/** Sessions that were told already. */
const told = new WeakSet<Session>();

/**
 * Asks one daemon after the other; those of another version are none that could understand, which is said once.
 * @param ask with the project's name there; answers nothing where the daemon does not
 */
export async function firstOf<Value>(
  session: Session,
  given: string,
  ask: (daemon: Registration, project: string) => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const folder = realpathSync(given);
  const program = process.env['DAGPY_VERSION'] ?? 'development';
  let other: Registration | undefined;
  for (const daemon of registered(session.around.environment, folder)) {
    if (daemon.version !== RESIDENT_VERSION || daemon.program !== program) {
      other ??= daemon;
      continue;
    }
    const answer = await ask(daemon, relative(daemon.root, folder).replaceAll(sep, '/'));
    if (answer !== undefined) return answer;
  }
  if (other !== undefined && !told.has(session)) {
    told.add(session);
    session.note(
      `DAGpy ${other.program} serves this project's notebooks (process ${String(other.pid)}) and this is ${program}, so it does the work itself; restart the Jupyter server, or end that one: kill ${String(other.pid)}`,
    );
  }
  return undefined;
}

/** `false`: whoever has taken its place is no daemon of ours. Throws what it says against the question. */
export async function isAccepted(response: IncomingMessage): Promise<boolean> {
  if (response.statusCode === 200) return true;
  if (response.statusCode === 401 || response.statusCode === 403) {
    response.resume();
    return false;
  }
  let text = '';
  for await (const piece of response) text += String(piece);
  throw new ProblemError((JSON.parse(text) as { readonly problems: readonly Problem[] }).problems);
}

/** @returns `undefined`: nobody answers */
export function post(
  { socket, secret }: Registration,
  path: string,
  body: object,
): Promise<IncomingMessage | undefined> {
  // Loaded only where there is somebody to talk to.
  const { request } = process.getBuiltinModule('node:http');
  const { connect } = process.getBuiltinModule('node:net');
  return new Promise(resolve => {
    const text = JSON.stringify(body);
    const headers = { 'X-Dagpy-Secret': secret, 'Content-Length': Buffer.byteLength(text) };
    // One connection, without the agent that would keep it for further ones.
    const createConnection = () => connect(socket);
    const asking = request({ createConnection, path, method: 'POST', headers }, resolve);
    asking.on('error', () => resolve(undefined));
    asking.end(text);
  });
}

export async function* lines<Line>(response: IncomingMessage): AsyncGenerator<Line> {
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
