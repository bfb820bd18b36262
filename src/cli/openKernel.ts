/** A kernel's Python for reading code of a notebook that belongs to no project yet. */
import { createHasher, type BytesHasher } from '../adapters/hash.js';
import { findKernel } from '../adapters/kernelspecs.js';
import { createLazyWorkers } from '../adapters/workers/lazy.js';
import type { FactsStore } from '../engine/storePorts.js';
import type { Workers } from '../engine/runPorts.js';
import type { Digest } from '../protocol/ids.js';
import { definedOnly, type Surroundings } from './environment.js';
import { orThrow } from '../protocol/problem.js';

export interface OpenKernel {
  readonly hasher: BytesHasher;
  readonly workers: Workers;
  readonly environment: Digest;
  /** Remembers nothing: facts of a project are kept when it is opened. */
  readonly facts: FactsStore;
  close(): Promise<void>;
}

export async function openKernel(around: Surroundings, name: string): Promise<OpenKernel> {
  const hasher = await createHasher();
  const kernel = orThrow(
    await findKernel(name, {
      env: around.environment,
      python: around.python(),
      cacheFolder: around.user.cache,
      digest: hasher.digest,
    }),
  );
  const workers = createLazyWorkers({
    command: {
      executable: kernel.python,
      flags: kernel.flags,
      environment: definedOnly({ ...around.environment, ...kernel.env }),
      payload: around.payload(),
    },
    start: around.start,
  });
  return {
    hasher,
    workers,
    environment: hasher.digest(kernel.environment),
    facts: { get: () => undefined, put: () => undefined, save: () => undefined },
    close: () => workers.close(),
  };
}
