/** Every port of one opened project, bound to its folder and environment by the composition root. */
import type { BlockId, Digest, RunId } from '../protocol/ids.js';
import type { Display } from '../protocol/outputs.js';
import type { BlockState } from '../protocol/states.js';
import type { Trace } from '../protocol/trace.js';
import type { FromWorker } from '../protocol/workerMessages.js';
import type { RunEvent } from '../protocol/events.js';
import type { Hasher, World } from '../engine/ports.js';
import type { Notebooks, ProjectFiles, Scratch } from '../engine/notebookPorts.js';
import type { Workers } from '../engine/runPorts.js';
import type {
  DiscoveryReader,
  FactsStore,
  MemoryStore,
  ObjectStore,
  TraceStore,
} from '../engine/storePorts.js';

export interface ProjectPorts {
  /** Absolute path of the project. */
  readonly folder: string;
  readonly hasher: Hasher & { digestBytes(...parts: readonly Uint8Array[]): Digest };
  readonly world: World;
  readonly objects: ObjectStore;
  /** Absolute folder of the object store, which workers look into. */
  readonly objectsFolder: string;
  readonly traces: TraceStore;
  readonly memory: MemoryStore;
  readonly facts: FactsStore;
  readonly notebooks: Notebooks;
  readonly files: ProjectFiles;
  readonly discoveries: DiscoveryReader;
  readonly scratch: Scratch;
  readonly workers: Workers;
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number };
}

/** Where a run tells what happens. */
export interface RunSink {
  readonly run: RunId;
  emit(event: RunEvent): void;
  /** For whoever looks on while the run goes. */
  readonly watcher?: RunWatcher;
}

/** Sees of a run what its events, which are kept in a log, leave out. */
export interface RunWatcher {
  /** The run has gone a step; states are asked for by block, `undefined`: the run is not about it. */
  stepped(stateOf: (block: BlockId) => BlockState | undefined): void;
  /** What a running block's worker says, as it comes. */
  heard(block: BlockId, message: FromWorker): void;
  /** All that the block shows by now, as it is written to its notebook. */
  shown(block: BlockId, display: Display): void;
  /** A trace of this run stands for the block. */
  stored(block: BlockId, trace: Trace): void;
}
