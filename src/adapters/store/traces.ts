/** Remembered executions: one sealed file a key, below the folder of the user's key id. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceStore } from '../../engine/storePorts.js';
import { list } from '../../protocol/decode.js';
import type { Digest, Key } from '../../protocol/ids.js';
import { asDigest, keyOf } from '../../protocol/ids.js';
import type { Trace } from '../../protocol/trace.js';
import { decodeTrace } from '../../protocol/traceCodec.js';
import type { BytesHasher } from '../hash.js';
import type { Disk } from './disk.js';
import {
  errorCode,
  explaining,
  isAbsent,
  makeDurableFolder,
  namesIn,
  quarantine,
  realDisk,
  replaceFile,
  syncFolder,
} from './disk.js';
import { atStep } from './failpoints.js';
import type { StoreLayout } from './layout.js';
import { objectPath } from './layout.js';
import { pack, unpack } from './packing.js';
import { open, seal } from './sealed.js';
import type { UserKey } from './userKey.js';

const SUFFIX = '.mpk';

export interface TraceStoreOptions {
  readonly layout: StoreLayout;
  readonly hasher: BytesHasher;
  readonly key: UserKey;
  readonly disk?: Disk;
  /** `local`: adopted from kernels. They lie elsewhere and are sealed for another purpose: no run ever meets one. */
  readonly purpose?: 'traces' | 'local';
}

/** What a record's file holds. `unreadable`: there, yet of another key or version. */
export type StoredRecord =
  | { readonly kind: 'absent' | 'unreadable' | 'damaged' }
  | { readonly kind: 'authentic'; readonly traces: readonly Trace[]; readonly bytes: number };

export class FileTraceStore implements TraceStore {
  readonly folder: string;
  private readonly layout: StoreLayout;
  private readonly hasher: BytesHasher;
  private readonly key: UserKey;
  private readonly disk: Disk;
  private readonly purpose: 'traces' | 'local';

  constructor({ layout, hasher, key, disk = realDisk, purpose = 'traces' }: TraceStoreOptions) {
    this.purpose = purpose;
    this.layout = layout;
    this.hasher = hasher;
    this.key = key;
    this.disk = disk;
    this.folder = join(layout[purpose], key.id);
  }

  read(key: Key): readonly Trace[] {
    const record = this.record(key);
    return record.kind === 'authentic' ? record.traces : [];
  }

  /** The same, telling apart why there is none. A damaged file is in quarantine afterwards. */
  record(key: Key): StoredRecord {
    const file = this.fileOf(key);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      if (errorCode(error) === 'EISDIR') {
        // Nothing of ours, and in the way of the next record.
        quarantine(this.disk, file, this.layout.quarantine);
        return { kind: 'damaged' };
      }
      return { kind: isAbsent(error) ? 'absent' : 'unreadable' };
    }
    const opened = open(this.hasher, this.key, { purpose: this.purpose, name: key }, bytes);
    if (opened.kind === 'damaged') quarantine(this.disk, file, this.layout.quarantine);
    if (opened.kind === 'foreign') return { kind: 'unreadable' };
    if (opened.kind === 'damaged') return { kind: 'damaged' };
    try {
      const traces = decodeTraces(unpack(opened.payload), key);
      if (traces.every(trace => trace.key === key)) return { kind: 'authentic', traces, bytes: bytes.length };
    } catch {
      // Authentic and not understood: written by another version of ourselves.
    }
    return { kind: 'unreadable' };
  }

  add(trace: Trace): void {
    this.replace(trace.key, [trace, ...this.read(trace.key).filter(({ id }) => id !== trace.id)]);
  }

  remove(key: Key, trace: Trace['id']): void {
    const before = this.read(key);
    const after = before.filter(({ id }) => id !== trace);
    if (after.length < before.length) this.replace(key, after);
  }

  keys(): readonly Key[] {
    return namesIn(this.folder).flatMap(ab =>
      namesIn(join(this.folder, ab)).flatMap(name => {
        const digest = name.endsWith(SUFFIX) ? asDigest(ab + name.slice(0, -SUFFIX.length)) : undefined;
        return digest === undefined ? [] : [keyOf(digest)];
      }),
    );
  }

  fileOf(key: Key): string {
    return `${objectPath(this.folder, key as string as Digest)}${SUFFIX}`;
  }

  private replace(key: Key, traces: readonly Trace[]): void {
    const file = this.fileOf(key);
    const folder = join(this.folder, key.slice(0, 2));
    explaining(file, this.layout.project, () => {
      if (traces.length === 0) {
        atStep('trace.remove');
        this.disk.remove(file);
        syncFolder(this.disk, folder);
        return;
      }
      this.disk.makeFolder(this.folder);
      makeDurableFolder(this.disk, folder);
      replaceFile({
        disk: this.disk,
        file,
        bytes: seal(this.hasher, this.key, { purpose: this.purpose, name: key }, pack(traces)),
        tmp: this.layout.tmp,
        durable: true,
        steps: {
          write: 'trace.write',
          sync: 'trace.sync',
          rename: 'trace.rename',
          syncFolder: 'trace.syncFolder',
        },
      });
    });
  }
}

const decodeTraces = list(decodeTrace);
