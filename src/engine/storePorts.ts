/** Where results are kept. Handed to the runtime by the composition root; types only. */
import type { CellFacts } from '../protocol/cellFacts.js';
import type { BlockId, Digest, Key, TraceId, Uid } from '../protocol/ids.js';
import type { Dependency, ObjectRef, Trace } from '../protocol/trace.js';
import type { Verdict } from '../protocol/verdict.js';
import type { Discoveries } from '../protocol/workerMessages.js';
import type { BlockMemory } from './ports.js';

/** Bytes on their way into the object store. */
export interface NewObject {
  /** A finished file that is moved in, bytes, or `stored`: said to be there, or in the same batch, which is checked. */
  readonly source: { readonly file: string } | { readonly bytes: Uint8Array } | 'stored';
  /** `null`: not known yet, so it is computed. Must be given for `stored`. */
  readonly digest: Digest | null;
  /** Bytes; a file of another length is refused. */
  readonly size: number;
}

/** A batch whose content is known, and that workers can load; it is still on its way to the disk. */
export interface Admitted {
  readonly refs: readonly ObjectRef[];
  /**
   * Resolves when all of it survives a power cut, so that a trace may name it; its files may be dropped then.
   * Rejects with a `ProblemError` (disk full, no permission); then nothing half-written is visible.
   */
  readonly durable: Promise<void>;
}

/** Immutable files by their content. */
export interface ObjectStore {
  /** Takes a batch in. Rejects with a `ProblemError` (disk full, no permission, damaged). */
  admit(batch: readonly NewObject[]): Promise<Admitted>;
  /** Takes a batch in; resolves when it is durable. */
  commit(batch: readonly NewObject[]): Promise<readonly ObjectRef[]>;
  /** Where files are that `verifiedPath` names and that are not there before they are durable: its name → theirs until then. */
  early(): ReadonlyMap<string, string>;
  /** There at its recorded size; says nothing of its content. */
  has(ref: ObjectRef): boolean;
  /** Content after checking its digest; `undefined`: missing, or damaged and put in quarantine. */
  read(ref: ObjectRef): Uint8Array | undefined;
  /**
   * Absolute path for a worker to load. A `head` (it is unpickled) is digested every time, a `buffer` only when the
   * file's stamp is new. `undefined`: missing or damaged.
   */
  verifiedPath(ref: ObjectRef, kind: 'head' | 'buffer'): string | undefined;
}

/** Remembered executions by key. Only what this user's key authenticates is ever returned. */
export interface TraceStore {
  /** Newest first. Damaged records are put in quarantine and missed; those of other users are left alone. */
  read(key: Key): readonly Trace[];
  /** Puts it first among the traces of its key; resolves when it survives a power cut. Its objects must be durable. */
  add(trace: Trace): Promise<void>;
  remove(key: Key, trace: TraceId): void;
  /** Keys of all records of this user. */
  keys(): readonly Key[];
}

/** What is remembered of a block besides its traces. Hints: losing them changes no result. */
export interface MemoryStore {
  read(uid: Uid): BlockMemory;
  /** The trace was executed or answered, and its outputs are shown; traces beyond the newest `keep` are dropped. */
  remember(uid: Uid, trace: Trace, keep: number): void;
  /** The notebook shows a trace's outputs, or (`null`) other ones. */
  show(uid: Uid, trace: TraceId | null): void;
  /** Its code is about to run. */
  begin(uid: Uid): void;
  fail(uid: Uid, failure: NonNullable<BlockMemory['failure']>): void;
}

/** Calls that had nothing to do, by what they asked. */
export interface VerdictStore {
  read(asked: Digest): Verdict | undefined;
  keep(verdict: Verdict): void;
}

/** Facts of cells by the digest of their raw source, for one Python environment. */
export interface FactsStore {
  get(environment: Digest, source: Digest): CellFacts | undefined;
  put(environment: Digest, source: Digest, facts: CellFacts): void;
  /** Writes what was put; does nothing when nothing was. */
  save(): void;
}

/** Held while a process may write to the project. */
export interface ProjectLock {
  /** Lets the next one in. Safe to call twice. */
  release(): void;
}

export type Discovered =
  | { readonly ok: true; readonly dependencies: readonly Dependency[] }
  /** Something the block read changed while it ran: its result answers for no state of the world, so no trace. */
  | { readonly ok: false; readonly changed: readonly string[] };

/** Turns what a worker saw into dependencies that can be observed again. */
export interface DiscoveryReader {
  dependencies(discoveries: Discoveries): Discovered;
}

export interface CollectOptions {
  /** Objects younger than this many milliseconds stay even if nothing names them. */
  readonly graceMilliseconds: number;
  /** Oldest traces are dropped until the store is this small; the last trace of a block and pinned ones stay. */
  readonly maxBytes?: number;
  readonly pinned?: ReadonlySet<TraceId>;
  readonly dryRun?: boolean;
}

export interface CollectReport {
  readonly removedObjects: number;
  readonly removedTraces: number;
  readonly removedBytes: number;
  readonly keptObjects: number;
  readonly keptBytes: number;
}

export interface CachedBlock {
  readonly uid: Uid;
  /** As it was called at its newest trace. */
  readonly block: BlockId;
  readonly traces: number;
  /** Stored bytes; objects that blocks share count for each. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly oldest: number;
  readonly newest: number;
}

export interface VerifyReport {
  readonly objects: number;
  readonly bytes: number;
  readonly traces: number;
  /** Put in quarantine. */
  readonly damagedObjects: readonly Digest[];
  /** Put in quarantine; or, of traces that name a part of an object wrongly and of their readers, forgotten. */
  readonly damagedRecords: readonly Key[];
}

/** Keeping the store small and sound. All but `list` and `versions` need the lock of the project to be held. */
export interface CacheKeeper {
  list(): readonly CachedBlock[];
  /** All remembered executions of a block, newest first. */
  versions(uid: Uid): readonly Trace[];
  collect(options: CollectOptions): CollectReport;
  verify(): VerifyReport;
  /** Forgets this user's traces, memory and facts, and every object that no other user's trace names. */
  clear(): CollectReport;
}
