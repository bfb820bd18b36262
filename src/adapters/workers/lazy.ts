/**
 * Workers that are loaded when the first is needed: sockets and child processes take Node longer to load than a run
 * with nothing to do takes as a whole.
 */
import type { RunningJob, Workers } from '../../engine/runPorts.js';
import type { PoolOptions } from './pool.js';

/** @param outdated as of `createPool` */
export function createLazyWorkers(options: PoolOptions, outdated?: () => void): Workers {
  let loading: Promise<Workers> | undefined;
  let loaded: Workers | undefined;
  const load = (): Promise<Workers> =>
    (loading ??= import('./pool.js').then(({ createPool }) => (loaded = createPool(options, outdated))));
  return {
    start(spec, how, listener): RunningJob {
      const job = load().then(pool => pool.start(spec, how, listener));
      return {
        end: job.then(({ end }) => end),
        interrupt: () => void job.then(running => running.interrupt()),
        kill: () => void job.then(running => running.kill()),
      };
    },
    analyse: async (sources, isToRun) => (await load()).analyse(sources, isToRun),
    release: job => loaded?.release(job),
    preimport: modules => void load().then(pool => pool.preimport(modules)),
    counts: () => loaded?.counts() ?? { processes: 0, forks: 0 },
    close: async () => (await loading)?.close(),
  };
}
