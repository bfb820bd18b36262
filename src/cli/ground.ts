/** What every command on a project stands on before it reads the project: hashing, the store, the kernel's Python. */
import { createHasher, type BytesHasher } from '../adapters/hash.js';
import { findKernel, type Kernel } from '../adapters/kernelspecs.js';
import { openStore, type Store } from '../adapters/store/index.js';
import type { TrustKeeper } from '../adapters/notebooks/trust.js';
import type { KeptStore } from '../adapters/store/keptStore.js';
import type { Breathe } from '../daemon/breathe.js';
import type { Digest } from '../protocol/ids.js';
import { definedOnly, type Surroundings } from './environment.js';
import { orThrow } from '../protocol/problem.js';

export interface Ground {
  /** Absolute path of the project. */
  readonly folder: string;
  readonly hasher: BytesHasher;
  /** Sees the environment of the kernel that was found last. */
  readonly store: Store;
  /** What a process keeps that stays; absent: this one is over soon. */
  readonly resident?: Resident;
  /** Throws a `ProblemError` where blocks can not run in it. */
  kernel(name: string): Promise<FoundKernel>;
}

/** For a process that looks at the project again and again, and has others to answer meanwhile. */
export interface Resident {
  readonly kept: KeptStore;
  readonly breathe: Breathe;
  /** Each one closes what is lent. */
  lendTrust(around: Surroundings): TrustKeeper;
}

export interface FoundKernel extends Pick<Kernel, 'python' | 'flags'> {
  /** Digest of Python, platform and kernelspec. */
  readonly environment: Digest;
  /** What a block's process finds in its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where its Python looks for modules. */
  readonly folders: readonly string[];
}

export async function openGround(around: Surroundings, folder: string, resident?: Resident): Promise<Ground> {
  const hasher = await createHasher();
  const kernels = new Map<string, FoundKernel>();
  let variables = definedOnly(around.environment);
  const store = openStore({
    project: folder,
    hasher,
    environment: around.environment,
    observed: () => variables,
    readOnce: true,
    ...(resident === undefined ? {} : { kept: resident.kept }),
  });
  const find = async (name: string): Promise<FoundKernel> => {
    const { python, flags, env, environment, facts } = orThrow(
      await findKernel(name, {
        env: around.environment,
        python: around.python(),
        cacheFolder: around.user.cache,
        digest: hasher.digest,
      }),
    );
    return {
      python,
      flags,
      environment: hasher.digest(environment),
      variables: definedOnly({ ...around.environment, ...env }),
      folders: facts.folders,
    };
  };
  return {
    folder,
    hasher,
    store,
    ...(resident === undefined ? {} : { resident }),
    async kernel(name) {
      const kernel = kernels.get(name) ?? (await find(name));
      kernels.set(name, kernel);
      variables = kernel.variables;
      return kernel;
    },
  };
}
