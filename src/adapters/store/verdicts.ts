/** `.dagpy/verdicts/<key id>/<asked>.mpk`: that calls to run had nothing to do, sealed as traces are. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { VerdictStore } from '../../engine/storePorts.js';
import type { Digest } from '../../protocol/ids.js';
import type { Verdict } from '../../protocol/verdict.js';
import { decodeVerdict, VERDICT_VERSION } from '../../protocol/verdict.js';
import type { BytesHasher } from '../hash.js';
import type { Disk } from './disk.js';
import { errorCode, namesIn, realDisk, replaceFile } from './disk.js';
import type { StoreLayout } from './layout.js';
import { pack, unpack } from './packing.js';
import { open, seal } from './sealed.js';
import type { UserKey } from './userKey.js';

/** Calls that people make again and again are few. */
const MOST_VERDICTS = 16;

export interface VerdictStoreOptions {
  readonly layout: StoreLayout;
  readonly hasher: BytesHasher;
  readonly key: UserKey;
  readonly disk?: Disk;
}

export class FileVerdictStore implements VerdictStore {
  private readonly options: VerdictStoreOptions;
  private readonly folder: string;

  constructor(options: VerdictStoreOptions) {
    this.options = options;
    this.folder = join(options.layout.verdicts, options.key.id);
  }

  read(asked: Digest): Verdict | undefined {
    const { hasher, key } = this.options;
    try {
      const opened = open(hasher, key, labelOf(asked), readFileSync(this.fileOf(asked)));
      if (opened.kind !== 'authentic') return undefined;
      const verdict = decodeVerdict(unpack(opened.payload), 'verdict');
      return verdict.asked === asked ? verdict : undefined;
    } catch {
      // None yet, or of another version: the project is judged again.
      return undefined;
    }
  }

  keep(verdict: Verdict): void {
    const { layout, hasher, key, disk = realDisk } = this.options;
    try {
      disk.makeFolder(this.folder);
      replaceFile({
        disk,
        file: this.fileOf(verdict.asked),
        bytes: seal(hasher, key, labelOf(verdict.asked), pack(verdict)),
        tmp: layout.tmp,
        durable: false,
        steps: { write: 'verdict.write', rename: 'verdict.rename' },
      });
      this.dropOldest();
    } catch (error) {
      // A cache: in a project that can not be written to, every call judges.
      if (errorCode(error) === undefined) throw error;
    }
  }

  private dropOldest(): void {
    const files = namesIn(this.folder).map(name => join(this.folder, name));
    if (files.length <= MOST_VERDICTS) return;
    const age = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    files.sort((a, b) => age(b) - age(a));
    for (const file of files.slice(MOST_VERDICTS)) rmSync(file, { force: true });
  }

  private fileOf(asked: Digest): string {
    return join(this.folder, `${asked.slice(0, 32)}.mpk`);
  }
}

const labelOf = (asked: Digest) => ({ purpose: 'verdict', name: `${VERDICT_VERSION} ${asked}` }) as const;
