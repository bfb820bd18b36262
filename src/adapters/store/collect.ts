/**
 * Keeps the store small and sound.
 *
 * What stays: every object that an authentic trace of this user names, and every object whose digest stands anywhere
 * in a trace file that this user can not read (another user's, another version's). Those files are searched as plain
 * bytes and never decoded, so the worst that a planted one can do is to keep an object.
 */
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type {
  CacheKeeper,
  CachedBlock,
  CollectOptions,
  CollectReport,
  ProjectLock,
  VerifyReport,
} from '../../engine/storePorts.js';
import type { Digest, Key, Uid } from '../../protocol/ids.js';
import { asDigest } from '../../protocol/ids.js';
import type { ObjectRef, StoredBuffer, Trace } from '../../protocol/trace.js';
import { objectsOf } from '../../protocol/traceCodec.js';
import { atStep } from './failpoints.js';
import { isAbsent, namesIn } from './disk.js';
import type { StoreLayout } from './layout.js';
import { objectPath } from './layout.js';
import type { FileObjectStore } from './objects.js';
import { nameOf } from './objects.js';
import type { Stamps } from './stamps.js';
import type { FileTraceStore } from './traces.js';

export interface CacheKeeperOptions {
  readonly layout: StoreLayout;
  readonly traces: FileTraceStore;
  readonly objects: FileObjectStore;
  readonly stamps: Stamps;
  /** Absent: nothing was adopted. */
  readonly local?: FileTraceStore;
  readonly keyId: string;
  /** Proof that nobody else writes; `list` and `versions` do without. */
  readonly lock: ProjectLock | null;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A running job may leave its scratch folder untouched for hours; milliseconds. */
const UNFINISHED_MILLISECONDS = 86_400_000;
/** How long copies of replaced files are kept; milliseconds. */
const REPLACED_MILLISECONDS = 90 * 86_400_000;

interface StoredObject extends ObjectRef {
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

interface Record {
  readonly key: Key;
  readonly traces: readonly Trace[];
}

export function createCacheKeeper(options: CacheKeeperOptions): CacheKeeper {
  const { layout, traces, objects, stamps, local, keyId, lock, now = Date.now } = options;
  const locked = (): void => {
    if (lock === null) throw new Error('the lock of the project must be held');
  };
  const records = (): readonly Record[] =>
    traces.keys().flatMap(key => {
      const record = traces.record(key);
      return record.kind === 'authentic' ? [{ key, traces: record.traces }] : [];
    });

  const adopted = (): readonly Trace[] => local?.keys().flatMap(key => local.read(key)) ?? [];

  const sweep = (
    kept: readonly Trace[],
    dropped: readonly Trace[],
    grace: number,
    dryRun: boolean,
  ): CollectReport => {
    const named = new Set(
      [...kept, ...adopted()].flatMap(trace => objectsOf(trace).map(({ digest }) => digest as string)),
    );
    for (const digest of foreignDigests(layout, traces, new Set(records().map(({ key }) => key))))
      named.add(digest);
    let [removedObjects, removedBytes, keptObjects, keptBytes] = [0, 0, 0, 0];
    for (const { digest, size, file, since } of storedObjects(layout)) {
      if (named.has(digest) || now() - since < grace) {
        keptObjects += 1;
        keptBytes += size;
        continue;
      }
      removedObjects += 1;
      removedBytes += size;
      if (dryRun) continue;
      atStep('collect.remove');
      rmSync(file, { force: true });
      stamps.forget(nameOf(digest));
    }
    if (!dryRun) {
      sweepFolder(layout.tmp, now() - Math.max(grace, UNFINISHED_MILLISECONDS));
      sweepFolder(layout.replaced, now() - REPLACED_MILLISECONDS);
    }
    return { removedObjects, removedTraces: dropped.length, removedBytes, keptObjects, keptBytes };
  };

  return {
    list: () => listBlocks(records().flatMap(record => record.traces)),

    versions: uid =>
      records()
        .flatMap(record => record.traces)
        .filter(trace => trace.uid === uid)
        .sort((a, b) => b.createdAt - a.createdAt),

    collect({
      graceMilliseconds,
      maxBytes,
      pinned = new Set(),
      dryRun = false,
    }: CollectOptions): CollectReport {
      locked();
      const all = records().flatMap(record => record.traces);
      // A run has made these blocks since.
      if (!dryRun)
        for (const { key, id, uid, createdAt } of adopted())
          if (all.some(trace => trace.uid === uid && trace.createdAt > createdAt)) local?.remove(key, id);
      const dropped = maxBytes === undefined ? [] : tooMuch(all, storedObjects(layout), maxBytes, pinned);
      // Traces go before their objects: killed in between, nothing names what is gone.
      if (!dryRun) for (const { key, id } of dropped) traces.remove(key, id);
      const gone = new Set(dropped);
      return sweep(
        all.filter(trace => !gone.has(trace)),
        dropped,
        graceMilliseconds,
        dryRun,
      );
    },

    verify(): VerifyReport {
      locked();
      const stored = storedObjects(layout);
      const damagedObjects = stored
        .filter(ref => objects.verifiedPath(ref, 'head') === undefined)
        .map(({ digest }) => digest);
      // Read once: a damaged record is in quarantine afterwards, and nobody could tell of it.
      const found = traces.keys().map(key => ({ key, record: traces.record(key) }));
      const authentic = found.flatMap(({ record }) => (record.kind === 'authentic' ? record.traces : []));
      const unsound = withUnsoundParts(authentic, objects);
      for (const { key, id } of unsound) traces.remove(key, id);
      for (const { key, id } of withUnsoundParts(adopted(), objects)) local?.remove(key, id);
      return {
        objects: stored.length,
        bytes: stored.reduce((sum, { size }) => sum + size, 0),
        traces: authentic.length - unsound.length,
        damagedObjects,
        damagedRecords: [
          ...new Set([
            ...unsound.map(({ key }) => key),
            ...found.flatMap(({ key, record }) => (record.kind === 'damaged' ? [key] : [])),
          ]),
        ],
      };
    },

    clear(): CollectReport {
      locked();
      const all = [...records().flatMap(record => record.traces), ...adopted()];
      for (const folder of [
        traces.folder,
        join(layout.local, keyId),
        join(layout.facts, keyId),
        join(layout.verdicts, keyId),
        layout.quarantine,
      ]) {
        rmSync(folder, { recursive: true, force: true });
      }
      // What notebooks show is everybody's; with no other user here it is of no more use.
      const shared = namesIn(layout.traces).length > 0;
      if (!shared)
        for (const name of namesIn(layout.blocks)) rmSync(join(layout.blocks, name), { force: true });
      return sweep([], all, 0, false);
    },
  };
}

/**
 * Traces that name a part of an object by another content than it has, and those of blocks that read it: their keys are
 * made of a content that they were not given.
 */
function withUnsoundParts(all: readonly Trace[], objects: FileObjectStore): readonly Trace[] {
  const contents = new Map<string, Digest | undefined>();
  const isSound = ({ content, size, within }: StoredBuffer): boolean => {
    if (within === undefined) return true;
    const { object, offset } = within;
    const place = `${object.digest} ${offset} ${size}`;
    if (!contents.has(place)) contents.set(place, objects.contentOfPart(object, { offset, size }));
    return (contents.get(place) ?? content) === content;
  };
  const unsound = new Set<Digest>();
  for (const { exports } of all)
    for (const { digest, buffers } of exports) if (!buffers.every(isSound)) unsound.add(digest);
  if (unsound.size === 0) return [];
  return all.filter(
    ({ exports, ingredients }) =>
      exports.some(({ digest }) => unsound.has(digest)) ||
      ingredients.inputs.some(({ component }) => unsound.has(component)),
  );
}

function listBlocks(all: readonly Trace[]): readonly CachedBlock[] {
  const blocks = new Map<Uid, CachedBlock & { readonly seen: Map<Digest, number> }>();
  for (const trace of all) {
    const before = blocks.get(trace.uid);
    const seen = before?.seen ?? new Map<Digest, number>();
    for (const { digest, size } of objectsOf(trace)) seen.set(digest, size);
    const newer = before === undefined || trace.createdAt > before.newest;
    blocks.set(trace.uid, {
      uid: trace.uid,
      block: newer ? trace.block : before.block,
      traces: (before?.traces ?? 0) + 1,
      bytes: [...seen.values()].reduce((sum, size) => sum + size, 0),
      oldest: Math.min(before?.oldest ?? trace.createdAt, trace.createdAt),
      newest: Math.max(before?.newest ?? trace.createdAt, trace.createdAt),
      seen,
    });
  }
  return [...blocks.values()].map(({ uid, block, traces, bytes, oldest, newest }) => ({
    uid,
    block,
    traces,
    bytes,
    oldest,
    newest,
  }));
}

/** Oldest traces first, until what is left fits; never a block's newest, never a pinned one. */
function tooMuch(
  all: readonly Trace[],
  stored: readonly StoredObject[],
  maxBytes: number,
  pinned: ReadonlySet<Trace['id']>,
): readonly Trace[] {
  const uses = new Map<Digest, number>();
  for (const trace of all)
    for (const digest of distinct(trace)) uses.set(digest, (uses.get(digest) ?? 0) + 1);
  const sizes = new Map(stored.map(({ digest, size }) => [digest, size]));
  // Objects that only others name, or nobody yet, are not ours to judge here.
  let total = [...uses.keys()].reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  const newest = new Map<Uid, Trace>();
  for (const trace of all) {
    const best = newest.get(trace.uid);
    if (best === undefined || trace.createdAt > best.createdAt) newest.set(trace.uid, trace);
  }
  const dropped: Trace[] = [];
  for (const trace of [...all].sort((a, b) => a.createdAt - b.createdAt)) {
    if (total <= maxBytes) break;
    if (newest.get(trace.uid) === trace || pinned.has(trace.id)) continue;
    dropped.push(trace);
    for (const digest of distinct(trace)) {
      const left = (uses.get(digest) ?? 1) - 1;
      uses.set(digest, left);
      if (left === 0) total -= sizes.get(digest) ?? 0;
    }
  }
  return dropped;
}

const distinct = (trace: Trace): ReadonlySet<Digest> => new Set(objectsOf(trace).map(({ digest }) => digest));

function storedObjects(layout: StoreLayout): readonly StoredObject[] {
  const found: StoredObject[] = [];
  for (const ab of namesIn(layout.objects)) {
    // A link could lead to another project's store.
    if (!/^[0-9a-f]{2}$/.test(ab) || !lstatSync(join(layout.objects, ab)).isDirectory()) continue;
    for (const name of namesIn(join(layout.objects, ab))) {
      const digest = asDigest(ab + name);
      if (digest === undefined) continue;
      const file = objectPath(layout.objects, digest);
      const { size, mtimeMs, ctimeMs } = lstatSync(file);
      found.push({ digest, size, file, since: Math.max(mtimeMs, ctimeMs) });
    }
  }
  return found;
}

/** Every run of 64 hexadecimal digits in files of traces and adopted values that are not ours to read. */
function* foreignDigests(
  layout: StoreLayout,
  own: FileTraceStore,
  readable: ReadonlySet<Key>,
): Generator<string> {
  const readableFiles = new Set([...readable].map(key => own.fileOf(key)));
  const below = (folder: string) =>
    existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  for (const entry of [...below(layout.traces), ...below(layout.local)]) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || readableFiles.has(file)) continue;
    try {
      for (const [, digest = ''] of readFileSync(file, 'latin1').matchAll(/(?=([0-9a-f]{64}))/g))
        yield digest;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

/** Removes what a killed process left unfinished. */
function sweepFolder(folder: string, before: number): void {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (lstatSync(path).mtimeMs <= before) rmSync(path, { recursive: true, force: true });
  }
}
