/** Runs: started, streamed to whoever asked, cancelled. */
import type { AskedRun, QueuedRun } from '../../daemon/resident/runQueue.js';
import type { RunRequest } from '../../engine/index.js';
import type { CallHandlers, RunParameters, TargetView } from '../../protocol/resident/calls.js';
import { orThrow } from '../../protocol/problem.js';
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

export function startRun(
  host: DaemonHost,
  { project, target, force, jobs, parameters = {}, environment, by }: RunParameters,
  listener?: AskedRun['listener'],
): QueuedRun {
  return host.resident(project).run({
    request: requestOf(target, force),
    jobs: Math.max(1, jobs ?? host.around.cores),
    by: by ?? 'a client',
    parameters: defaults => orThrow(withValues(defaults, parameters)),
    ...(environment === undefined ? {} : { environment }),
    ...(listener === undefined ? {} : { listener }),
  });
}

export const requestOf = (target: TargetView, force: boolean | undefined): RunRequest => ({
  target,
  force: force === true,
});
