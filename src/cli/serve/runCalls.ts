/** Runs: started, streamed to whoever asked, cancelled. */
import type { AskedRun, QueuedRun } from '../../daemon/resident/runQueue.js';
import type { RunRequest } from '../../engine/index.js';
import type { Listener } from '../../adapters/server/server.js';
import type { CallHandlers, InProject, RunParameters, TargetView } from '../../protocol/resident/calls.js';
import { asDigest } from '../../protocol/ids.js';
import { orThrow } from '../../protocol/problem.js';
import type { ToldRun } from '../../protocol/resident/callTable.js';
import { QuietAnswer } from '../commands/keepAnswer.js';
import { withValues } from '../parameters.js';
import type { DaemonHost } from './serveHost.js';

export function runCalls(host: DaemonHost): Pick<CallHandlers, 'run' | 'cancel'> {
  return {
    async run(parameters) {
      const { run, began } = startRun(host, parameters);
      await began;
      return { run };
    },
    cancel({ project, run }) {
      host.resident(project).cancel(run);
      return Promise.resolve({});
    },
  };
}

export type Listening = Pick<AskedRun, 'listener' | 'afterwards'>;

export function startRun(
  host: DaemonHost,
  { project, target, force, jobs, parameters = {}, environment, by }: RunParameters,
  listening: Listening = {},
): QueuedRun {
  return host.resident(project).run({
    request: requestOf(target, force),
    jobs: Math.max(1, jobs ?? host.around.cores),
    by: by ?? 'a client',
    parameters: defaults => orThrow(withValues(defaults, parameters)),
    ...(environment === undefined ? {} : { environment }),
    ...listening,
  });
}

export const requestOf = (target: TargetView, force: boolean | undefined): RunRequest => ({
  target,
  force: force === true,
});

/**
 * For a terminal: told everything, and where it had nothing to do, the answer is kept for its next call. The run ends with
 * the terminal, as one does that runs in it.
 * @returns how it ended
 */
export async function runAndTell(
  host: DaemonHost,
  { asked, ...parameters }: ToldRun,
  { write, gone }: Listener,
): Promise<object> {
  const answer = new QuietAnswer();
  const queued = startRun(host, parameters, {
    listener(event) {
      answer.take(event);
      write({ kind: 'event', event });
    },
    afterwards(opened, loaded) {
      const digest = asked === undefined ? undefined : asDigest(asked);
      if (digest !== undefined) opened.keepAnswer(loaded, digest, answer);
    },
  });
  const cancel = (): void => host.resident(parameters.project).cancel(queued.run);
  if (gone.aborted) cancel();
  else gone.addEventListener('abort', cancel, { once: true });
  write({ kind: 'queued', run: queued.run });
  await queued.began;
  return { kind: 'end', ...(await queued.ended) };
}

/** For a terminal that changes what is stored: nothing runs from the line on that says so until the terminal has gone. */
export async function giveTurn(
  host: DaemonHost,
  { project }: InProject,
  { write, gone }: Listener,
): Promise<object> {
  const resident = host.resident(project);
  write({ kind: 'waiting' });
  await resident.turn(ends => {
    write({ kind: 'turn' });
    // The terminal holds the lock itself, so a daemon that ends leaves it alone.
    const over = AbortSignal.any([gone, ends]);
    return new Promise<void>(resolve => {
      if (over.aborted) resolve();
      else over.addEventListener('abort', () => resolve(), { once: true });
    });
  }, gone);
  resident.forgetCache();
  return { kind: 'end' };
}
