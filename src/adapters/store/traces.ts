/** Remembered executions: one sealed file a key, below the folder of the user's key id. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  explainingLater,
  isAbsent,
  namesIn,
  quarantine,
  realDisk,
  replaceFile,
  replaceFileLater,
  syncFolderLater,
  type Replacement,
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

  async add(trace: Trace): Promise<void> {
    const { key } = trace;
    const traces = [trace, ...this.read(key).filter(({ id }) => id !== trace.id)];
    const replacement = this.replacementOf(key, traces);
    const folder = dirname(replacement.file);
    await explainingLater(replacement.file, this.layout.project, async () => {
      this.disk.makeFolder(folder);
      await replaceFileLater(replacement, syncFolderLater(this.disk, this.folder));
    });
  }

  /** Not for ever: after a power cut it may be there again, and is as good as it was. */
  remove(key: Key, trace: Trace['id']): void {
    const before = this.read(key);
    const after = before.filter(({ id }) => id !== trace);
    if (after.length === before.length) return;
    const replacement = this.replacementOf(key, after);
    explaining(replacement.file, this.layout.project, () => {
      if (after.length > 0) replaceFile({ ...replacement, durable: true });
      else {
        atStep('trace.remove');
        this.disk.remove(replacement.file);
      }
    });
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

  private replacementOf(key: Key, traces: readonly Trace[]): Omit<Replacement, 'durable'> {
    return {
      disk: this.disk,
      file: this.fileOf(key),
      bytes: seal(this.hasher, this.key, { purpose: this.purpose, name: key }, pack(traces)),
      tmp: this.layout.tmp,
      steps: {
        write: 'trace.write',
        sync: 'trace.sync',
        rename: 'trace.rename',
        syncFolder: 'trace.syncFolder',
      },
    };
  }
}

const decodeTraces = list(decodeTrace);
