/** Immutable files by the digest of their content: `.dagpy/objects/ab/cdef…`, read-only, never rewritten or cut short. */
import { copyFileSync, existsSync, lstatSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Admitted, NewObject, ObjectStore } from '../../engine/storePorts.js';
import type { Digest } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import type { ObjectRef } from '../../protocol/trace.js';
import type { BytesHasher } from '../hash.js';
import type { Disk } from './disk.js';
import {
  errorCode,
  isAbsent,
  problemOf,
  quarantine,
  realDisk,
  syncFolderLater,
  uniqueName,
  writeAll,
} from './disk.js';
import { atStep } from './failpoints.js';
import type { StoreLayout } from './layout.js';
import { objectPath } from './layout.js';
import type { Stamps } from './stamps.js';
import { stampOf } from './stamps.js';

const READ_ONLY = 0o444;
/** Files up to this size are digested at once, larger ones in pieces between which other work goes on; bytes. */
const DIGESTED_AT_ONCE = 4 << 20;

export interface ObjectStoreOptions {
  readonly layout: StoreLayout;
  readonly hasher: BytesHasher;
  readonly stamps: Stamps;
  readonly disk?: Disk;
}

/** A finished file on the disk of the store, not yet visible. */
interface Prepared extends ObjectRef {
  /** Where it is now. */
  file: string;
}

/** Known and loadable, not durable yet. */
interface OnTheWay {
  readonly prepared: Readonly<Prepared>;
  readonly durable: Promise<void>;
}

export class FileObjectStore implements ObjectStore {
  private readonly onTheWay = new Map<Digest, OnTheWay>();
  private readonly layout: StoreLayout;
  private readonly hasher: BytesHasher;
  private readonly stamps: Stamps;
  private readonly disk: Disk;

  constructor({ layout, hasher, stamps, disk = realDisk }: ObjectStoreOptions) {
    this.layout = layout;
    this.hasher = hasher;
    this.stamps = stamps;
    this.disk = disk;
  }

  async commit(batch: readonly NewObject[]): Promise<readonly ObjectRef[]> {
    const { refs, durable } = await this.admit(batch);
    await durable;
    return refs;
  }

  async admit(batch: readonly NewObject[]): Promise<Admitted> {
    const refs = new Array<ObjectRef>(batch.length);
    const unfinished = new Set<string>();
    const news = new Map<Digest, Prepared>();
    // What others brought and is not durable yet: it has to be before anything names it.
    const others = new Set<Promise<void>>();
    let file = this.layout.objects;
    try {
      for (const [index, { source, digest, size }] of newsFirst(batch)) {
        let ref: ObjectRef;
        if (source === 'stored') ref = this.claim(digest, size, news);
        else {
          const named = 'file' in source ? source.file : join(this.layout.tmp, uniqueName());
          file = named;
          unfinished.add(named);
          if ('bytes' in source) this.write(named, source.bytes);
          ref = { digest: digest ?? (await this.digestOf(source)), size: checkedSize(named, size) };
          if (!news.has(ref.digest) && this.verifiedPath(ref, 'buffer') === undefined)
            news.set(ref.digest, { ...ref, file: this.onOurDisk(named, unfinished) });
        }
        refs[index] = ref;
        const other = this.onTheWay.get(ref.digest);
        if (other !== undefined) others.add(other.durable);
      }
    } catch (error) {
      for (const left of unfinished) rmSync(left, { force: true });
      throw this.inWords(error, file);
    }
    // Whoever waits for the references goes first: a child that starts from them is worth more than the disk's time.
    const durable = otherWorkFirst().then(() => this.makeDurable(news, unfinished, others));
    for (const [digest, prepared] of news) {
      const entry = { prepared, durable };
      this.onTheWay.set(digest, entry);
      const arrived = (): void => {
        if (this.onTheWay.get(digest) === entry) this.onTheWay.delete(digest);
      };
      durable.then(arrived, arrived);
    }
    // It is told of by whoever waits for it, which may be later.
    durable.catch(() => undefined);
    return { refs, durable };
  }

  private async makeDurable(
    news: ReadonlyMap<Digest, Prepared>,
    unfinished: Set<string>,
    others: ReadonlySet<Promise<void>>,
  ): Promise<void> {
    let file = this.layout.objects;
    try {
      await Promise.all([...news.values()].map(prepared => this.sync(prepared)));
      for (const prepared of news.values()) {
        file = objectPath(this.layout.objects, prepared.digest);
        const { file: temporary } = prepared;
        this.publish(prepared, file);
        unfinished.delete(temporary);
      }
      await this.syncFolders(news.keys());
      await Promise.all(others);
    } catch (error) {
      throw this.inWords(error, file);
    } finally {
      for (const left of unfinished) rmSync(left, { force: true });
    }
  }

  private inWords(error: unknown, file: string): unknown {
    if (error instanceof ProblemError || errorCode(error) === undefined) return error;
    return new ProblemError([problemOf(error, file, this.layout.project)]);
  }

  early(): ReadonlyMap<string, string> {
    return new Map(
      Array.from(this.onTheWay, ([digest, { prepared }]) => [
        objectPath(this.layout.objects, digest),
        prepared.file,
      ]),
    );
  }

  has({ digest, size }: ObjectRef): boolean {
    const early = this.onTheWay.get(digest);
    if (early !== undefined) return early.prepared.size === size;
    const stats = statSync(objectPath(this.layout.objects, digest), { throwIfNoEntry: false });
    return stats !== undefined && stats.size === size && stats.isFile();
  }

  read(ref: ObjectRef): Uint8Array | undefined {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(
        this.onTheWay.get(ref.digest)?.prepared.file ?? objectPath(this.layout.objects, ref.digest),
      );
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    if (bytes.length === ref.size && this.hasher.digestBytes(bytes) === ref.digest) return bytes;
    this.discard(ref.digest);
    return undefined;
  }

  verifiedPath(ref: ObjectRef, kind: 'head' | 'buffer'): string | undefined {
    const file = objectPath(this.layout.objects, ref.digest);
    const early = this.onTheWay.get(ref.digest);
    if (early !== undefined) {
      const isSound =
        early.prepared.size === ref.size &&
        (kind === 'buffer' || this.hasher.digestFile(early.prepared.file).digest === ref.digest);
      return isSound ? file : undefined;
    }
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const sound =
      stats.isFile() &&
      stats.size === BigInt(ref.size) &&
      ((kind === 'buffer' && this.stamps.find(nameOf(ref.digest), stampOf(stats)) === ref.digest) ||
        this.hasher.digestFile(file).digest === ref.digest);
    if (!sound) {
      this.discard(ref.digest);
      return undefined;
    }
    if (kind === 'buffer') this.stamps.record(nameOf(ref.digest), stats, ref.digest, 'settled');
    return file;
  }

  /** Content of a part of an object; `undefined`: the object is missing. Whether that is sound is not looked at. */
  contentOfPart({ digest }: ObjectRef, part: { readonly offset: number; readonly size: number }) {
    const file = objectPath(this.layout.objects, digest);
    return existsSync(file) ? this.hasher.digestFile(file, part).digest : undefined;
  }

  /** Puts a damaged object out of the way; what names it is a miss from now on. */
  discard(digest: Digest): void {
    quarantine(this.disk, objectPath(this.layout.objects, digest), this.layout.quarantine);
    this.stamps.forget(nameOf(digest));
  }

  private claim(digest: Digest | null, size: number, news: ReadonlyMap<Digest, ObjectRef>): ObjectRef {
    if (
      digest !== null &&
      (news.get(digest)?.size === size || this.verifiedPath({ digest, size }, 'buffer') !== undefined)
    )
      return { digest, size };
    throw new ProblemError([
      {
        code: 'object-damaged',
        message: `a stored value (${digest ?? 'without digest'}) went missing or was damaged while a block ran`,
        file: '.dagpy/objects',
        remedy: 'run again: the block is computed anew; `dagpy cache verify` checks the whole store',
      },
    ]);
  }

  private digestOf(
    source: { readonly file: string } | { readonly bytes: Uint8Array },
  ): Digest | Promise<Digest> {
    if ('bytes' in source) return this.hasher.digestBytes(source.bytes);
    if (statSync(source.file).size <= DIGESTED_AT_ONCE) return this.hasher.digestFile(source.file).digest;
    return this.hasher.digestFileInPieces(source.file).then(({ digest }) => digest);
  }

  private write(file: string, bytes: Uint8Array): void {
    atStep('object.write');
    const descriptor = this.disk.open(file, 'wx');
    try {
      writeAll(this.disk, descriptor, bytes);
    } finally {
      this.disk.close(descriptor);
    }
  }

  /** A scratch folder may lie on another disk, from which nothing can be renamed into the store. */
  private onOurDisk(file: string, unfinished: Set<string>): string {
    if (lstatSync(file).dev === statSync(this.layout.tmp).dev) return file;
    const copy = join(this.layout.tmp, uniqueName());
    unfinished.add(copy);
    copyFileSync(file, copy);
    return copy;
  }

  private async sync({ file }: Prepared): Promise<void> {
    atStep('object.sync');
    const descriptor = this.disk.open(file, 'r+');
    try {
      this.disk.protect(descriptor, READ_ONLY);
      await this.disk.syncLater(descriptor);
    } finally {
      this.disk.close(descriptor);
    }
  }

  private publish(prepared: Prepared, target: string): void {
    this.disk.makeFolder(dirname(target));
    atStep('object.publish');
    this.disk.rename(prepared.file, target);
    prepared.file = target;
    const { digest } = prepared;
    this.stamps.record(nameOf(digest), statSync(target, { bigint: true }), digest, 'settled');
  }

  private async syncFolders(digests: Iterable<Digest>): Promise<void> {
    const folders = new Set([...digests].map(digest => dirname(objectPath(this.layout.objects, digest))));
    if (folders.size === 0) return;
    await Promise.all(
      [...folders, this.layout.objects].map(folder => {
        atStep('object.syncFolder');
        return syncFolderLater(this.disk, folder);
      }),
    );
  }
}

/** With their places in the batch: what is said to be there may be what another one brings. */
const newsFirst = (batch: readonly NewObject[]): readonly (readonly [number, NewObject])[] =>
  [...batch.entries()].sort(
    ([, one], [, other]) => Number(one.source === 'stored') - Number(other.source === 'stored'),
  );

const otherWorkFirst = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Objects and input files share one table of stamps; no path begins like this. */
export const nameOf = (digest: Digest): string => `object:${digest}`;

function checkedSize(file: string, size: number): number {
  const stats = lstatSync(file);
  if (stats.isFile() && stats.size === size) return size;
  throw new Error(
    `${file} was announced with ${size} bytes and ${stats.isFile() ? `has ${stats.size}` : 'is no plain file'}`,
  );
}
