/**
 * Values that were adopted from a kernel, one sealed file a block: `.dagpy/locals/<key id>/<uid>.mpk`. They lie apart from
 * the traces and are sealed for another purpose, so that no look-up of a run can ever meet one, wherever its file is put.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalStore } from '../../engine/storePorts.js';
import type { Uid } from '../../protocol/ids.js';
import type { Trace } from '../../protocol/trace.js';
import { decodeTrace, objectsOf } from '../../protocol/traceCodec.js';
import type { BytesHasher } from '../hash.js';
import {
  explaining,
  makeDurableFolder,
  namesIn,
  quarantine,
  realDisk,
  replaceFile,
  type Disk,
} from './disk.js';
import type { StoreLayout } from './layout.js';
import type { FileObjectStore } from './objects.js';
import { pack, unpack } from './packing.js';
import { open, seal } from './sealed.js';
import type { UserKey } from './userKey.js';

const SUFFIX = '.mpk';

export interface LocalStoreOptions {
  readonly layout: StoreLayout;
  readonly hasher: BytesHasher;
  readonly key: UserKey;
  readonly objects: Pick<FileObjectStore, 'has'>;
  readonly disk?: Disk;
}

export class FileLocalStore implements LocalStore {
  /** Of this user's key. */
  readonly folder: string;

  constructor(private readonly options: LocalStoreOptions) {
    this.folder = join(options.layout.locals, options.key.id);
  }

  read(uid: Uid): Trace | null {
    const trace = this.load(this.nameOf(uid));
    return trace?.uid === uid && objectsOf(trace).every(ref => this.options.objects.has(ref)) ? trace : null;
  }

  keep(trace: Trace): void {
    const { layout, hasher, key, disk = realDisk } = this.options;
    const name = this.nameOf(trace.uid);
    const file = join(this.folder, `${name}${SUFFIX}`);
    explaining(file, layout.project, () => {
      disk.makeFolder(layout.locals);
      makeDurableFolder(disk, this.folder);
      replaceFile({
        disk,
        file,
        bytes: seal(hasher, key, { purpose: 'local', name }, pack(trace)),
        tmp: layout.tmp,
        durable: true,
        // A record of what was computed, as a trace is.
        steps: {
          write: 'trace.write',
          sync: 'trace.sync',
          rename: 'trace.rename',
          syncFolder: 'trace.syncFolder',
        },
      });
    });
  }

  drop(uid: Uid): void {
    const { disk = realDisk } = this.options;
    const name = `${this.nameOf(uid)}${SUFFIX}`;
    if (namesIn(this.folder).includes(name)) disk.remove(join(this.folder, name));
  }

  all(): readonly Trace[] {
    return namesIn(this.folder).flatMap(file =>
      file.endsWith(SUFFIX) ? (this.load(file.slice(0, -SUFFIX.length)) ?? []) : [],
    );
  }

  private load(name: string): Trace | undefined {
    const { layout, hasher, key, disk = realDisk } = this.options;
    const file = join(this.folder, `${name}${SUFFIX}`);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch {
      return undefined;
    }
    const opened = open(hasher, key, { purpose: 'local', name }, bytes);
    if (opened.kind === 'damaged') quarantine(disk, file, layout.quarantine);
    if (opened.kind !== 'authentic') return undefined;
    try {
      return decodeTrace(unpack(opened.payload), 'local');
    } catch {
      // Authentic and not understood: written by another version of ourselves.
      return undefined;
    }
  }

  /** A uid may be any text. */
  private nameOf(uid: Uid): string {
    return this.options.hasher.digest(`local ${uid}`).slice(0, 40);
  }
}
