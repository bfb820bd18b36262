/** Every port of one opened project, bound to its folder and environment by the composition root. */
import type { Digest, RunId } from '../protocol/ids.js';
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
}
