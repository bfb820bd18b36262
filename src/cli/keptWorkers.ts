/** Workers that outlive one opening of a project, so that a second run finds its host warm. */
import { createLazyWorkers } from '../adapters/workers/lazy.js';
import type { PoolOptions } from '../adapters/workers/pool.js';
import type { Workers } from '../engine/runPorts.js';

export interface KeptWorkers {
  /** The same ones as long as the interpreter, its flags and its environment are the same. */
  for(options: PoolOptions): Workers;
  /** The next ones start anew: a package changed. */
  retire(): Promise<void>;
}

export function keepWorkers(): KeptWorkers {
  let kept: { readonly name: string; readonly workers: Workers } | undefined;
  const retire = async (): Promise<void> => {
    const old = kept;
    kept = undefined;
    await old?.workers.close();
  };
  return {
    for(options) {
      const name = JSON.stringify(options);
      if (kept !== undefined && kept.name !== name) void retire();
      kept ??= { name, workers: createLazyWorkers(options) };
      return { ...kept.workers, close: () => Promise.resolve() };
    },
    retire,
  };
}
