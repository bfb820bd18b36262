/** One client's WebSocket: calls, and projects that it follows. */
import { problemsIn, type StreamClient, type StreamEnd } from '../../adapters/server/server.js';
import type { Follower, ResidentProject } from '../../daemon/resident/residentProject.js';
import type { CallHandlers } from '../../protocol/resident/calls.js';
import { callTable, isCall } from '../../protocol/resident/callTable.js';
import {
  anyCount,
  anyObject,
  anyText,
  constant,
  objectOf,
  type Schema,
  variantOf,
} from '../../protocol/resident/schema.js';
import type { ToDaemon } from '../../protocol/resident/stream.js';
import type { Problem } from '../../protocol/problem.js';
import { RESIDENT_VERSION } from '../../protocol/resident/view.js';
import { carryOutCall } from './handlers.js';
import { PROGRAM } from './projectCalls.js';
import type { DaemonHost } from './serveHost.js';

/** As it comes in: the name of a call is not checked yet. */
type Received =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly parameters: object }
  | Extract<ToDaemon, { kind: 'follow' }>
  | Extract<ToDaemon, { kind: 'unfollow' }>;

const received: Schema<Received> = variantOf<'kind', Received>('kind', {
  call: objectOf<Extract<Received, { kind: 'call' }>>({
    kind: constant('call'),
    id: anyCount,
    name: anyText,
    parameters: anyObject,
  }),
  follow: objectOf<Extract<Received, { kind: 'follow' }>>({ kind: constant('follow'), project: anyText }),
  unfollow: objectOf<Extract<Received, { kind: 'unfollow' }>>({
    kind: constant('unfollow'),
    project: anyText,
  }),
});

/** One that is there, or one that is waited for. */
interface Followed {
  readonly resident?: ResidentProject;
  readonly follower?: Follower;
  readonly retry?: NodeJS.Timeout;
}

/** Until a project is looked for again that is not there. */
const RETRY_MILLISECONDS = 5_000;

export interface StreamOptions {
  readonly host: DaemonHost;
  readonly handlers: CallHandlers;
  fault(error: unknown): void;
}

export function openStream({ host, handlers, fault }: StreamOptions, client: StreamClient): StreamEnd {
  const followed = new Map<string, Followed>();
  let isOpen = true;

  const unfollow = (project: string): void => {
    const known = followed.get(project);
    followed.delete(project);
    clearTimeout(known?.retry);
    if (known?.follower !== undefined) known.resident?.unfollow(known.follower);
  };

  /** Told once; it may come back, as after a checkout in which it was missing. */
  const lose = (project: string, problems: readonly Problem[], isTold: boolean): void => {
    unfollow(project);
    if (!isTold) client.send({ kind: 'lost', project, problems });
    const retry = setTimeout(() => {
      if (followed.get(project)?.retry === retry) void follow(project, true);
    }, RETRY_MILLISECONDS);
    retry.unref();
    followed.set(project, { retry });
  };

  /** @param project as the client names it, in all that it is told too: a link and what it leads to are one project here */
  const follow = async (project: string, isLost = false): Promise<void> => {
    unfollow(project);
    try {
      const resident = host.resident(project);
      // News that come before the snapshot are in it.
      let isShown = false;
      const follower: Follower = news => {
        if (news.kind === 'lost') lose(project, news.problems, false);
        else if (!isShown) return;
        else if (news.kind === 'patch') client.send({ ...news, patch: { ...news.patch, project } });
        else client.send({ ...news, project });
      };
      const own: Followed = { resident, follower };
      followed.set(project, own);
      const view = await resident.follow(follower);
      if (!isOpen || followed.get(project) !== own) {
        resident.unfollow(follower);
        return;
      }
      isShown = true;
      client.send({ kind: 'snapshot', view: { ...view, project } });
    } catch (error) {
      if (isOpen) lose(project, problemsIn({ fault }, error), isLost);
    }
  };

  const call = async (id: number, name: string, parameters: object): Promise<void> => {
    try {
      if (!isCall(name)) {
        const known = Object.keys(callTable).join(', ');
        client.send({
          kind: 'refusal',
          id,
          problems: [
            { code: 'unknown-call', message: `there is no call ${name}`, remedy: `use one of: ${known}` },
          ],
        });
        return;
      }
      client.send({ kind: 'answer', id, result: await carryOutCall(handlers, name, parameters) });
    } catch (error) {
      client.send({ kind: 'refusal', id, problems: problemsIn({ fault }, error) });
    }
  };

  client.send({ kind: 'hello', version: RESIDENT_VERSION, program: PROGRAM });
  return {
    receive(data) {
      const message = received.decode(data, 'message');
      if (message.kind === 'call') void call(message.id, message.name, message.parameters);
      else if (message.kind === 'follow') void follow(message.project);
      else unfollow(message.project);
    },
    closed() {
      isOpen = false;
      for (const project of [...followed.keys()]) unfollow(project);
    },
  };
}
