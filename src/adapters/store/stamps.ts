/**
 * Digests of files by their stamp, in the user's cache folder, so that an unchanged file is not read again.
 * As in git's index, a file touched at about the time its stamp was taken is not believed: it may have changed once
 * more within the resolution of its clock.
 */
import type { BigIntStats } from 'node:fs';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { finite, form, table, text } from '../../protocol/decode.js';
import type { Decoder } from '../../protocol/decode.js';
import type { Digest } from '../../protocol/ids.js';
import type { FileStamp } from '../../protocol/workerMessages.js';
import type { BytesHasher } from '../hash.js';
import type { Disk } from './disk.js';
import { realDisk, replaceFile } from './disk.js';
import { pack, unpack } from './packing.js';

const STAMPS_VERSION = 1;
/** Covers the coarsest clock of a file system (FAT: 2 s) and small differences between machines. */
const SETTLING_MILLISECONDS = 2_100;
/** What nobody asked for during this time is forgotten. */
const FORGOTTEN_AFTER_MILLISECONDS = 60 * 86_400_000;
const DAY = 86_400_000;

interface Entry {
  readonly stamp: string;
  readonly digest: Digest;
  /** Milliseconds since the epoch; for telling entries that nobody needs. */
  readonly used: number;
}

/** A stamp as one text, to be compared as a whole. */
export const stampOf = (stats: BigIntStats): string =>
  `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
export const stampText = ({ device, inode, size, mtime, ctime }: FileStamp): string =>
  `${device} ${inode} ${size} ${mtime} ${ctime}`;

/** Whether what has this stamp can not change any more without getting another one. @param now milliseconds since the epoch */
export function isSettled(stats: BigIntStats, now: number): boolean {
  const touched = Number((stats.mtimeNs > stats.ctimeNs ? stats.mtimeNs : stats.ctimeNs) / 1_000_000n);
  return touched + SETTLING_MILLISECONDS <= now;
}

export interface Stamps {
  /** Digest that was recorded for a name under exactly this stamp. */
  find(name: string, stamp: string): Digest | undefined;
  /** `settled`: nobody else writes to the file, so its age does not matter. */
  record(name: string, stats: BigIntStats, digest: Digest, settled?: 'settled'): void;
  forget(name: string): void;
  /** Writes what was recorded. A cache: failing to write it is no error. */
  save(): void;
}

export interface StampsOptions {
  /** The user's cache folder. */
  readonly folder: string;
  /** Absolute path of the project. */
  readonly project: string;
  readonly hasher: BytesHasher;
  readonly disk?: Disk;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What lies in the project apart from all else, such as packages: a call that has nothing to do reads only the latter. */
export class FileStamps implements Stamps {
  private readonly project: string;
  private readonly inside: StampFile;
  private readonly outside: StampFile;

  constructor(options: StampsOptions) {
    const { project, hasher } = options;
    const file = `stamps-${hasher.digest(project).slice(0, 16)}`;
    this.project = join(project, sep);
    this.inside = new StampFile(options, `${file}.mpk`);
    this.outside = new StampFile(options, `${file}-outside.mpk`);
  }

  private fileOf(name: string): StampFile {
    return name.startsWith(this.project) ? this.inside : this.outside;
  }

  find(name: string, stamp: string): Digest | undefined {
    return this.fileOf(name).find(name, stamp);
  }

  record(name: string, stats: BigIntStats, digest: Digest, settled?: 'settled'): void {
    this.fileOf(name).record(name, stats, digest, settled);
  }

  forget(name: string): void {
    this.fileOf(name).forget(name);
  }

  save(): void {
    this.inside.save();
    this.outside.save();
  }
}

class StampFile implements Stamps {
  private readonly file: string;
  private readonly folder: string;
  private readonly hasher: BytesHasher;
  private readonly disk: Disk;
  private readonly now: () => number;
  private entries: Map<string, Entry> | undefined;
  private changed = false;

  constructor({ folder, hasher, disk = realDisk, now = Date.now }: StampsOptions, name: string) {
    this.folder = folder;
    this.hasher = hasher;
    this.disk = disk;
    this.now = now;
    this.file = join(folder, name);
  }

  find(name: string, stamp: string): Digest | undefined {
    const entry = this.all().get(name);
    if (entry === undefined || entry.stamp !== stamp) return undefined;
    const now = this.now();
    if (now - entry.used > DAY) {
      this.all().set(name, { ...entry, used: now });
      this.changed = true;
    }
    return entry.digest;
  }

  record(name: string, stats: BigIntStats, digest: Digest, settled?: 'settled'): void {
    const now = this.now();
    if (settled === undefined && !isSettled(stats, now)) {
      this.forget(name);
      return;
    }
    this.all().set(name, { stamp: stampOf(stats), digest, used: now });
    this.changed = true;
  }

  forget(name: string): void {
    if (this.all().delete(name)) this.changed = true;
  }

  save(): void {
    if (!this.changed) return;
    const limit = this.now() - FORGOTTEN_AFTER_MILLISECONDS;
    const kept = [...this.all()].filter(([, { used }]) => used > limit);
    const body = pack({ version: STAMPS_VERSION, entries: Object.fromEntries(kept) });
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      replaceFile({
        disk: this.disk,
        file: this.file,
        bytes: Buffer.concat([body, Buffer.from(this.hasher.digestBytes(body), 'hex')]),
        tmp: this.folder,
        mode: 0o600,
        durable: false,
        steps: { write: 'stamps.write', rename: 'stamps.rename' },
      });
      this.changed = false;
    } catch {
      // Files are digested again next time.
    }
  }

  private all(): Map<string, Entry> {
    this.entries ??= this.load();
    return this.entries;
  }

  private load(): Map<string, Entry> {
    try {
      if (process.platform !== 'win32' && (statSync(this.file).mode & 0o022) !== 0) return new Map();
      const bytes = readFileSync(this.file);
      const body = bytes.subarray(0, -32);
      if (this.hasher.digestBytes(body) !== bytes.subarray(-32).toString('hex')) return new Map();
      const content = unpack(body) as { readonly version?: unknown; readonly entries?: unknown };
      return content.version === STAMPS_VERSION
        ? new Map(decodeEntries(content.entries, 'stamps'))
        : new Map();
    } catch {
      return new Map();
    }
  }
}

const digestForm = form<Digest>(/^[0-9a-f]{64}$/, 'a digest');
const decodeEntry: Decoder<Entry> = (data, place) => {
  const { stamp, digest, used } = data as Record<string, unknown>;
  return { stamp: text(stamp, place), digest: digestForm(digest, place), used: finite(used, place) };
};
const decodeEntries = table(decodeEntry);
