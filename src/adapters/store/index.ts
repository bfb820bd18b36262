/** The store of one project, put together. */
import type {
  DiscoveryReader,
  MemoryStore,
  ProjectLock,
  TraceStore,
  VerdictStore,
} from '../../engine/storePorts.js';
import type { World } from '../../engine/ports.js';
import type { Key } from '../../protocol/ids.js';
import { createDiscoveryReader } from '../discoveries.js';
import type { BytesHasher } from '../hash.js';
import type { Observer } from '../observe.js';
import { createLiveWorld, createObserver, createWorld } from '../observe.js';
import type { Disk } from './disk.js';
import { FileFactsStore } from './facts.js';
import type { StoreLayout } from './layout.js';
import { prepareStore, storeLayout, userFolders } from './layout.js';
import { lockProject } from './lock.js';
import { sightOfStored } from './keptReads.js';
import type { KeptStore } from './keptStore.js';
import { Looked } from './looked.js';
import { FileMemoryStore } from './memory.js';
import { FileObjectStore } from './objects.js';
import { rememberTraces } from './rememberedTraces.js';
import { FileStamps, type Stamps } from './stamps.js';
import { FileTraceStore } from './traces.js';
import { loadUserKey } from './userKey.js';
import { FileVerdictStore } from './verdicts.js';

export interface StoreOptions {
  /** Absolute path of the project. */
  readonly project: string;
  readonly hasher: BytesHasher;
  /** Of whoever asked: names the user's folders and key. */
  readonly environment: NodeJS.ProcessEnv;
  /** What a block's process finds in its environment, asked at every look; absent: the same. */
  readonly observed?: () => NodeJS.ProcessEnv;
  /** Reads each record once, as suits a command that is over soon. */
  readonly readOnce?: boolean;
  /** What was read before, by a process that stays and looks again; its files are noted with how they look. */
  readonly kept?: KeptStore;
  readonly disk?: Disk;
}

export interface Store {
  readonly layout: StoreLayout;
  /** Names the user's key. */
  readonly keyId: string;
  readonly objects: FileObjectStore;
  readonly traces: TraceStore;
  /** The same as files, for keeping house. */
  readonly records: FileTraceStore;
  readonly stamps: Stamps;
  readonly memory: MemoryStore;
  readonly facts: FileFactsStore;
  readonly verdicts: VerdictStore;
  /** Values adopted from kernels: nothing that judges or runs blocks looks here. */
  readonly local: FileTraceStore;
  readonly observer: Observer;
  /** What was looked at so far through this store. */
  readonly looked: Looked;
  readonly discoveries: DiscoveryReader;
  /** A new snapshot of the outside. */
  world(): World;
  /** The outside as it is at every look. */
  liveWorld(): World;
  /** Makes the folders of the project. Before anything is written; reading does without. */
  prepare(): void;
  /** Becomes the one writer, or throws a `ProblemError` that says who is. `command`: as people would type it. */
  lock(command: string): ProjectLock;
  /** Writes what only saves time: facts and stamps. */
  save(): void;
}

/** Reads the user's key, makes it at first use; touches nothing in the project. */
export function openStore(options: StoreOptions): Store {
  const {
    project,
    hasher,
    environment,
    observed = () => environment,
    readOnce = false,
    disk,
    kept,
  } = options;
  const layout = storeLayout(project);
  const user = userFolders(environment);
  const key = loadUserKey(hasher, user.data, environment['DAGPY_CACHE_KEY']);
  const common = { layout, hasher, key, ...(disk === undefined ? {} : { disk }) };
  const makeStamps = (): FileStamps => new FileStamps({ ...common, folder: user.cache, project });
  const stamps = kept?.stamps(user.cache, makeStamps) ?? makeStamps();
  const objects = new FileObjectStore({ ...common, stamps });
  const stored = new FileTraceStore(common);
  const observer = createObserver({ project, hasher, stamps, environment: observed });
  const digestOf = (path: string) => observer.observe('file', path);
  const looked = new Looked(kept === undefined ? undefined : path => sightOfStored(path, digestOf));
  const read =
    kept === undefined
      ? undefined
      : (name: Key) => kept.traces.read(stored.fileOf(name), () => stored.read(name));
  const traces = looked.traces(readOnce ? rememberTraces(stored, read) : stored, name => stored.fileOf(name));
  const keptMemory = kept === undefined ? {} : { kept: kept.memory };
  const memory = looked.memory(new FileMemoryStore({ ...common, ...keptMemory, traces, keyId: key.id }));
  const makeFacts = (): FileFactsStore => new FileFactsStore(common);
  const facts = kept?.facts(key.id, makeFacts) ?? makeFacts();
  const outside = { observer, traces, objects: looked.objectStore(objects) };
  return {
    layout,
    keyId: key.id,
    objects,
    traces,
    records: stored,
    stamps,
    memory,
    facts,
    observer,
    discoveries: createDiscoveryReader({ project, observer, stamps }),
    verdicts: new FileVerdictStore(common),
    local: new FileTraceStore({ ...common, purpose: 'local' }),
    looked,
    world: () => looked.world(createWorld(outside)),
    liveWorld: () => looked.world(createLiveWorld(outside)),
    prepare: () => prepareStore(layout),
    lock(command) {
      prepareStore(layout);
      return lockProject({ ...common, command });
    },
    save() {
      facts.save();
      if (kept === undefined) stamps.save();
      else kept.save();
    },
  };
}
