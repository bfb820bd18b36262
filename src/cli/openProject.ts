/** Builds every port of one project: the only place where adapters meet the runtime. */
import { createBlockNotebooks } from '../adapters/blockNotebooks.js';
import type { LoadedDagFile } from '../adapters/dagFile/index.js';
import { createTrustKeeper } from '../adapters/notebooks/trust.js';
import { createProjectFiles } from '../adapters/projectFiles.js';
import { createScratch } from '../adapters/scratch.js';
import type { StoreLayout } from '../adapters/store/layout.js';
import { createLazyWorkers } from '../adapters/workers/lazy.js';
import type { PoolOptions } from '../adapters/workers/pool.js';
import type { Breathe } from '../daemon/breathe.js';
import { loadProject, type LoadedProject } from '../daemon/loadProject.js';
import { withPlaces } from '../daemon/places.js';
import type { ProjectPorts } from '../daemon/ports.js';
import { openContext, type Context } from '../engine/index.js';
import type { Workers } from '../engine/runPorts.js';
import type { CacheKeeper, ProjectLock, TraceStore } from '../engine/storePorts.js';
import type { Json } from '../protocol/dagFile.js';
import type { Digest } from '../protocol/ids.js';
import { orThrow, type Problem, ProblemError } from '../protocol/problem.js';
import type { Surroundings } from './environment.js';
import type { Ground } from './ground.js';
import { atRest, readStructure, type Structure } from './structure.js';

export interface OpenProject {
  readonly folder: string;
  readonly layout: StoreLayout;
  readonly dag: LoadedDagFile;
  /** Digest of Python, platform and kernelspec. */
  readonly environment: Digest;
  readonly ports: ProjectPorts;
  /** For long work on the project; absent: nobody else waits. */
  readonly breathe?: Breathe;
  /** How the kernel's Python is started. */
  readonly command: PoolOptions['command'];
  /** Reads notebooks and facts of the code as they are now. `isToRun`: to run them, so workers may be got ready beside. */
  load(parameters?: ReadonlyMap<string, Json>, isToRun?: boolean): Promise<LoadedProject>;
  /** What judging needs; files are looked at once. */
  context(loaded: LoadedProject): Context;
  /** Held until `close`; throws a `ProblemError` that says who holds it. */
  lock(command: string): ProjectLock;
  keeper(lock: ProjectLock | null): Promise<CacheKeeper>;
  /** Values adopted from kernels, by key. */
  readonly local: TraceStore;
  /** Ends Python, saves stamps, lets the lock go. */
  close(): Promise<void>;
}

export async function openProject(
  around: Surroundings,
  { folder, hasher, store, resident, kernel: findKernel }: Ground,
  note: (message: string) => void,
  makeWorkers: (options: PoolOptions, folders: readonly string[]) => Workers = options =>
    createLazyWorkers(options),
  structure?: Pick<Structure, 'dag'>,
): Promise<OpenProject> {
  const { dag } =
    structure ?? (resident === undefined ? await atRest(folder, readStructure) : readStructure(folder));
  const { environment, variables, folders, ...kernel } = await findKernel(dag.dag.kernel);
  const snapshot = store.world();
  const python = around.python();
  const command: PoolOptions['command'] = {
    executable: kernel.python,
    flags: kernel.flags,
    environment: variables,
    payload: around.payload(),
  };
  const workers = makeWorkers({ command, start: around.start }, folders);
  const notebooks = createBlockNotebooks({
    project: folder,
    python,
    trust: resident?.lendTrust(around) ?? createTrustKeeper({ python, env: around.environment }),
    note,
    ...(resident === undefined ? {} : { kept: resident.kept.notebooks }),
  });
  const breathe = resident?.breathe;
  const ports: ProjectPorts = {
    folder,
    hasher,
    world: store.liveWorld(),
    objects: store.objects,
    objectsFolder: store.layout.objects,
    traces: store.traces,
    memory: store.memory,
    facts: store.facts,
    notebooks,
    files: createProjectFiles(folder, store.layout.tmp),
    discoveries: store.discoveries,
    scratch: createScratch(folder, store.layout.tmp),
    workers,
    clock: { now: () => Date.now() },
  };
  let lock: ProjectLock | undefined;
  return {
    folder,
    layout: store.layout,
    dag,
    environment,
    command,
    ports,
    ...(breathe && { breathe }),
    async load(parameters, isToRun = false) {
      const problems = unsupported(dag);
      if (problems.length > 0) throw new ProblemError(problems);
      const given = parameters ?? dag.dag.parameters;
      const options = { dag: dag.dag, environment, parameters: given, isToRun, ...(breathe && { breathe }) };
      let loaded = await loadProject(ports, options);
      if (!loaded.ok && resident === undefined) {
        // Others may be replacing the files right now; the daemon looks again by itself.
        const { stillReads } = await import('./filesAtRest.js');
        await stillReads(folder, dag);
        loaded = await loadProject(ports, options);
      }
      return withPlaces(orThrow(loaded));
    },
    context: loaded =>
      orThrow(openContext({ snapshot: loaded.snapshot, world: snapshot, hasher, now: Date.now() })),
    lock(command) {
      lock = store.lock(command);
      ports.scratch.clean();
      return lock;
    },
    async keeper(held) {
      // A run keeps no house, and does not load what does.
      const { createCacheKeeper } = await import('../adapters/store/collect.js');
      const { layout, records: traces, local, objects, stamps, keyId } = store;
      return createCacheKeeper({ layout, traces, local, objects, stamps, keyId, lock: held });
    },
    local: store.local,
    async close() {
      await workers.close();
      await notebooks.settle();
      store.save();
      lock?.release();
    },
  };
}

function unsupported({ unsupported: blocks }: LoadedDagFile): readonly Problem[] {
  return [...blocks.values()];
}
