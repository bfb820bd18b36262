/** What a worker saw, as dependencies that can be observed again, or the reason why no state of the world has them. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Discovered, DiscoveryReader } from '../engine/storePorts.js';
import { byCodeUnit } from '../protocol/ids.js';
import type { Dependency } from '../protocol/trace.js';
import type { Discoveries, FileStamp } from '../protocol/workerMessages.js';
import type { Observer } from './observe.js';
import { look } from './observe.js';
import type { Stamps } from './store/stamps.js';
import { stampOf, stampText } from './store/stamps.js';

export interface DiscoveryReaderOptions {
  /** Absolute path of the project. */
  readonly project: string;
  readonly observer: Observer;
  readonly stamps: Stamps;
}

/** The machine telling about itself, different at every look: like the clock, no file that a result answers for. */
const MACHINE_STATE = /^\/(proc|sys|dev)(\/|$)/;

export function createDiscoveryReader({
  project,
  observer,
  stamps,
}: DiscoveryReaderOptions): DiscoveryReader {
  const store = join(project, '.dagpy');
  const counts = (path: string): boolean =>
    !MACHINE_STATE.test(path) &&
    path !== store &&
    (relative(store, path).startsWith('..') || relative(store, path) === path);

  return {
    dependencies(discoveries: Discoveries): Discovered {
      const written = new Set(
        [...discoveries.written, ...discoveries.writtenBefore].map(path => resolve(path)),
      );
      const changed = new Set<string>();
      const dependencies = new Map<string, Dependency>();
      const add = (kind: Exclude<Dependency['kind'], 'ambient'>, name: string, detail?: string): void => {
        const dependency = {
          kind,
          name,
          digest: observer.observe(kind, name),
          ...(detail === undefined ? {} : { detail }),
        };
        dependencies.set(`${kind}\0${name}`, dependency);
      };
      const addFile = (
        kind: 'file' | 'module',
        path: string,
        stamp: FileStamp | null,
        detail?: string,
      ): void => {
        // The project's own folders are there, whatever they are called in a copy.
        if (!counts(path) || `${project}/`.startsWith(`${path}/`)) return;
        const name = observer.nameOf(path);
        // Digested first: what changes between the two looks is then seen to have changed.
        add(kind, name, detail);
        if (!written.has(path) && !isSame(path, stamp)) changed.add(name);
      };
      /** Unchanged since first access, by stamp; or the same content under another stamp (a link or mode was changed). */
      const isSame = (path: string, first: FileStamp | null): boolean => {
        const now = look(path);
        if (now === 'absent' || first === null) return now === 'absent' && first === null;
        if (now === 'unreadable') return false;
        // A folder's times change with its entries; that it is there is all that was asked.
        if (now.isDirectory()) return String(now.ino) === first.inode;
        if (!now.isFile()) return true;
        const before = stampText(first);
        if (stampOf(now) === before) return true;
        const known = stamps.find(path, before);
        return known !== undefined && known === observer.observe('file', path);
      };

      for (const { path, stamp } of discoveries.files) addFile('file', resolve(path), stamp);
      for (const { name, path, stamp } of discoveries.modules) addFile('module', resolve(path), stamp, name);
      for (const { path: listed, entries } of discoveries.folders) {
        const path = resolve(listed);
        if (!counts(path)) continue;
        const name = observer.nameOf(path);
        add('folder', name);
        if (!isSameFolder(path, entries, written)) changed.add(name);
      }
      for (const { name } of discoveries.environment) add('environment', name);
      for (const { name, version, location } of discoveries.packages) {
        add('package', observer.nameOf(resolve(location)), `${name} ${version}`);
      }
      if (changed.size > 0) return { ok: false, changed: [...changed].sort(byCodeUnit) };
      const sorted = [...dependencies]
        .sort(([a], [b]) => byCodeUnit(a, b))
        .map(([, dependency]) => dependency);
      return { ok: true, dependencies: sorted };
    },
  };
}

/** The same names but for what the block itself made, replaced or removed. */
function isSameFolder(
  path: string,
  entries: readonly string[] | null,
  written: ReadonlySet<string>,
): boolean {
  const own = new Set([...written].flatMap(file => ownNames(path, file)));
  const others = (names: readonly string[]): string =>
    names
      .filter(name => !own.has(name) && name !== '.dagpy')
      .sort(byCodeUnit)
      .join('\0');
  let now: readonly string[] | null;
  try {
    now = readdirSync(path);
  } catch {
    now = null;
  }
  if (now === null || entries === null)
    return now === entries || (own.size > 0 && others(now ?? entries ?? []) === '');
  return others(now) === others(entries);
}

/** The entry of a folder through which a written file is reached. */
function ownNames(folder: string, file: string): readonly string[] {
  for (let path = file; dirname(path) !== path; path = dirname(path)) {
    if (dirname(path) === folder) return [basename(path)];
  }
  return [];
}
