/**
 * Facts of cells, one sealed file for a Python environment: planted facts could make a changed cell look unchanged,
 * so they are believed on the same terms as traces. Read at first use, each cell decoded when it is asked for; as JSON,
 * which a start reads several times faster than anything that JavaScript itself has to read.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FactsStore } from '../../engine/storePorts.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import { CELL_FACTS_VERSION } from '../../protocol/cellFacts.js';
import { decodeCellFacts } from '../../protocol/factsCodec.js';
import type { Digest } from '../../protocol/ids.js';
import { asDigest } from '../../protocol/ids.js';
import type { BytesHasher } from '../hash.js';
import type { Disk } from './disk.js';
import { errorCode, realDisk, replaceFile } from './disk.js';
import type { StoreLayout } from './layout.js';
import { pack, unpack } from './packing.js';
import { open, seal } from './sealed.js';
import type { UserKey } from './userKey.js';

/** Cells kept for an environment; the ones that came first go first. */
const MOST_CELLS = 20_000;

export interface FactsStoreOptions {
  readonly layout: StoreLayout;
  readonly hasher: BytesHasher;
  readonly key: UserKey;
  readonly disk?: Disk;
}

export class FileFactsStore implements FactsStore {
  private readonly options: FactsStoreOptions;
  private readonly loaded = new Map<Digest, Map<Digest, string>>();
  private readonly added = new Map<Digest, Map<Digest, string>>();

  constructor(options: FactsStoreOptions) {
    this.options = options;
  }

  get(environment: Digest, source: Digest): CellFacts | undefined {
    let cells = this.loaded.get(environment);
    if (cells === undefined) {
      cells = this.load(environment);
      this.loaded.set(environment, cells);
    }
    const written = this.added.get(environment)?.get(source) ?? cells.get(source);
    if (written === undefined) return undefined;
    try {
      return decodeCellFacts(JSON.parse(written), 'facts');
    } catch {
      return undefined;
    }
  }

  put(environment: Digest, source: Digest, facts: CellFacts): void {
    const cells = this.added.get(environment) ?? new Map<Digest, string>();
    cells.set(source, JSON.stringify(facts));
    this.added.set(environment, cells);
  }

  save(): void {
    const { layout, hasher, key, disk = realDisk } = this.options;
    for (const [environment, cells] of this.added) {
      // Another process may have added some since we read.
      const all = [...new Map([...this.load(environment), ...cells])].slice(-MOST_CELLS);
      const file = this.fileOf(environment);
      const payload = pack(Object.fromEntries(all));
      try {
        disk.makeFolder(join(layout.facts, key.id));
        replaceFile({
          disk,
          file,
          bytes: seal(hasher, key, this.label(environment), payload),
          tmp: layout.tmp,
          durable: false,
          steps: { write: 'facts.write', rename: 'facts.rename' },
        });
      } catch (error) {
        // A cache: in a project that can not be written to, cells are analysed again.
        if (errorCode(error) === undefined) throw error;
      }
      this.loaded.set(environment, new Map(all));
    }
    this.added.clear();
  }

  private load(environment: Digest): Map<Digest, string> {
    const { hasher, key } = this.options;
    const cells = new Map<Digest, string>();
    try {
      const opened = open(hasher, key, this.label(environment), readFileSync(this.fileOf(environment)));
      if (opened.kind !== 'authentic') return cells;
      for (const [name, written] of Object.entries(unpack(opened.payload) as Record<string, unknown>)) {
        const source = asDigest(name);
        if (source !== undefined && typeof written === 'string') cells.set(source, written);
      }
    } catch {
      // None yet, or not understood: the cells are analysed again.
    }
    return cells;
  }

  private label(environment: Digest) {
    return { purpose: 'facts', name: `${CELL_FACTS_VERSION} ${environment}` } as const;
  }

  private fileOf(environment: Digest): string {
    const { layout, key } = this.options;
    return join(layout.facts, key.id, `${CELL_FACTS_VERSION}-${environment.slice(0, 32)}.mpk`);
  }
}
