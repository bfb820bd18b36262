/** `.dagpy/blocks/<uid>.json`: what a notebook shows and which traces to keep for undo. Hints; a trace decides. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlockMemory } from '../../engine/ports.js';
import type { MemoryStore, TraceStore } from '../../engine/storePorts.js';
import type { Decoder } from '../../protocol/decode.js';
import { branded, finite, flag, form, list, nullable, shape, table, text } from '../../protocol/decode.js';
import type { Key, TraceId, Uid } from '../../protocol/ids.js';
import type { Trace } from '../../protocol/trace.js';
import type { BytesHasher } from '../hash.js';
import type { Disk } from './disk.js';
import { errorCode, explaining, quarantine, realDisk, replaceFile } from './disk.js';
import type { KeptReads } from './keptReads.js';
import type { StoreLayout } from './layout.js';

const MEMORY_VERSION = 1;

interface Remembered {
  readonly key: Key;
  readonly trace: TraceId;
}

export interface MemoryFile {
  readonly version: number;
  readonly uid: Uid;
  readonly shown: TraceId | null;
  /** Newest first, by key id: users who share a folder drop only traces of their own. */
  readonly recent: ReadonlyMap<string, readonly Remembered[]>;
  readonly failure: BlockMemory['failure'];
  readonly unfinished?: boolean;
}

const key = form<Key>(/^[0-9a-f]{64}$/, 'a key');
const decodeFile: Decoder<MemoryFile> = shape<MemoryFile>(
  {
    version: finite,
    uid: branded(),
    shown: nullable(branded()),
    recent: table(list(shape<Remembered>({ key, trace: branded() }))),
    failure: nullable(shape<NonNullable<BlockMemory['failure']>>({ key, message: text, seconds: finite })),
  },
  { unfinished: flag },
);

export interface MemoryStoreOptions {
  readonly layout: StoreLayout;
  readonly hasher: BytesHasher;
  readonly traces: TraceStore;
  readonly keyId: string;
  /** Read before, by a process that stays. */
  readonly kept?: KeptReads<MemoryFile>;
  readonly disk?: Disk;
}

export class FileMemoryStore implements MemoryStore {
  private readonly options: MemoryStoreOptions;

  constructor(options: MemoryStoreOptions) {
    this.options = options;
  }

  read(uid: Uid): BlockMemory {
    const { kept } = this.options;
    const file = kept === undefined ? this.load(uid) : kept.read(this.fileOf(uid), () => this.load(uid));
    const { shown, failure, recent, unfinished = false } = file;
    const newest = recent.get(this.options.keyId)?.[0];
    const { traces } = this.options;
    let last: Trace | null | undefined;
    return {
      shown,
      failure,
      unfinished,
      /** Read only when someone asks: a fresh block is judged without it. */
      get last() {
        if (last === undefined) {
          last =
            newest === undefined
              ? null
              : (traces.read(newest.key).find(({ id }) => id === newest.trace) ?? null);
        }
        return last;
      },
    };
  }

  remember(uid: Uid, trace: Trace, keep: number): void {
    const file = this.load(uid);
    const { keyId, traces } = this.options;
    const others = (file.recent.get(keyId) ?? []).filter(entry => entry.trace !== trace.id);
    const recent = [{ key: trace.key, trace: trace.id }, ...others];
    const kept = recent.slice(0, Math.max(1, keep));
    this.write(uid, {
      ...file,
      shown: trace.id,
      failure: null,
      unfinished: false,
      recent: new Map([...file.recent, [keyId, kept]]),
    });
    // After the list: killed in between, a trace too many is left, which does no harm.
    for (const { key: dropped, trace: id } of recent.slice(kept.length)) traces.remove(dropped, id);
  }

  show(uid: Uid, trace: TraceId | null): void {
    const file = this.load(uid);
    if (file.shown !== trace) this.write(uid, { ...file, shown: trace });
  }

  begin(uid: Uid): void {
    const file = this.load(uid);
    if (file.unfinished !== true) this.write(uid, { ...file, unfinished: true });
  }

  fail(uid: Uid, failed: NonNullable<BlockMemory['failure']>): void {
    this.write(uid, { ...this.load(uid), shown: null, failure: failed });
  }

  private load(uid: Uid): MemoryFile {
    try {
      const file = decodeFile(JSON.parse(readFileSync(this.fileOf(uid), 'utf8')), 'memory');
      if (file.version === MEMORY_VERSION && file.uid === uid) return file;
    } catch (error) {
      // Absent or garbage: nothing is remembered. What can not be replaced by a file is put out of its way.
      const { layout, disk = realDisk } = this.options;
      if (errorCode(error) === 'EISDIR') quarantine(disk, this.fileOf(uid), layout.quarantine);
    }
    return { version: MEMORY_VERSION, uid, shown: null, recent: new Map(), failure: null };
  }

  private write(uid: Uid, file: MemoryFile): void {
    const { layout, disk = realDisk } = this.options;
    const target = this.fileOf(uid);
    const written = `${JSON.stringify({ ...file, recent: Object.fromEntries(file.recent) })}\n`;
    explaining(target, layout.project, () =>
      replaceFile({
        disk,
        file: target,
        bytes: Buffer.from(written, 'utf8'),
        tmp: layout.tmp,
        durable: false,
        steps: { write: 'memory.write', rename: 'memory.rename' },
      }),
    );
  }

  /** A uid comes from a notebook, so it may be any text; only plain ones are file names as they are. */
  fileOf(uid: Uid): string {
    const name = /^[A-Za-z0-9_-]{1,64}$/.test(uid) ? uid : `~${this.options.hasher.digest(uid).slice(0, 32)}`;
    return join(this.options.layout.blocks, `${name}.json`);
  }
}
