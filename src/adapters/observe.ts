/** The outside as it is now: digests of what results depend on. */
import type { BigIntStats } from 'node:fs';
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { World } from '../engine/ports.js';
import type { TraceStore, ObjectStore } from '../engine/storePorts.js';
import type { Digest, Key } from '../protocol/ids.js';
import { byCodeUnit } from '../protocol/ids.js';
import type { Trace } from '../protocol/trace.js';
import { objectsOf } from '../protocol/traceCodec.js';
import { expandGlob } from './globs.js';
import type { BytesHasher } from './hash.js';
import { isAbsent } from './store/disk.js';
import type { Stamps } from './store/stamps.js';
import { stampOf } from './store/stamps.js';

export type Observer = Pick<World, 'observe' | 'expand'> & {
  /** Digest of a folder with exactly these entries. */
  digestEntries(entries: readonly string[]): Digest;
  /** Stamp of a file that has this content, by which it can be told from any later one; `undefined`: it has none. */
  stampOf(name: string, digest: Digest): string | undefined;
  hasStamp(name: string, stamp: string): boolean;
  /** Name under which a dependency on an absolute path is kept: relative with `/` inside the project. */
  nameOf(path: string): string;
};

/** As a dependency on the environment: which variables there are. `reads/environment.py` says so too. */
const ALL_NAMES = '*';
/** They come and go with the terminal and the session: as in `reads/environment.py`. */
const PASSING =
  /^(TERM|COLUMNS|LINES|PWD|OLDPWD|SHLVL|_|TMPDIR|TEMP|TMP|COLORTERM|TERM_.*|WINDOWID|SSH_(CLIENT|CONNECTION|TTY|AUTH_SOCK)|XDG_(SESSION_ID|RUNTIME_DIR)|DBUS_SESSION_BUS_ADDRESS|PYTHONHASHSEED|PYTHONUNBUFFERED|(FORCE_|CLI)COLOR(_FORCE)?|(GIT_)?PAGER|(DAGPY|JPY|_?PYTEST)_.*)$/;

const variableNames = (environment: NodeJS.ProcessEnv): readonly string[] =>
  Object.keys(environment)
    .filter(name => !PASSING.test(name))
    .sort(byCodeUnit);

export interface ObserverOptions {
  /** Absolute path of the project. */
  readonly project: string;
  readonly hasher: BytesHasher;
  readonly stamps: Stamps;
  /** Of whoever asked for the run. */
  readonly environment: () => NodeJS.ProcessEnv;
}

/** Looks anew at every call; `createWorld` remembers. */
export function createObserver({ project, hasher, stamps, environment }: ObserverOptions): Observer {
  // What is there and has no content to digest. The NUL keeps them apart from digests of any text file's content.
  const folder = hasher.digest('\0dagpy: a folder');
  const unreadable = hasher.digest('\0dagpy: can not be read');
  const special = hasher.digest('\0dagpy: a device or a pipe');

  /** That there is a folder is one thing; which one a link leads to is another. */
  const linkedFolder = (path: string): Digest | undefined => {
    try {
      return lstatSync(path).isSymbolicLink()
        ? hasher.digest(`\0dagpy: a link to the folder ${readlinkSync(path)}`)
        : undefined;
    } catch {
      return undefined;
    }
  };
  const digestFile = (path: string): Digest | null => {
    const stats = look(path);
    if (stats === 'absent') return null;
    if (stats === 'unreadable') return unreadable;
    if (stats.isDirectory()) return linkedFolder(path) ?? folder;
    if (!stats.isFile()) return special;
    const known = stamps.find(path, stampOf(stats));
    if (known !== undefined) return known;
    try {
      const { digest } = hasher.digestFile(path);
      stamps.record(path, stats, digest);
      return digest;
    } catch (error) {
      return isAbsent(error) ? null : unreadable;
    }
  };
  const digestEntries = (entries: readonly string[]): Digest =>
    hasher.digest(`folder\0${[...entries].sort(byCodeUnit).join('\0')}`);
  const digestFolder = (path: string): Digest | null => {
    try {
      return digestEntries(readdirSync(path));
    } catch (error) {
      return isAbsent(error) ? null : unreadable;
    }
  };
  const digestPackage = (path: string): Digest | null => {
    const stats = look(path);
    if (stats === 'absent') return null;
    // An egg-info may be one file.
    if (stats === 'unreadable' || !stats.isDirectory()) return digestFile(path);
    // RECORD tells every file's digest; old and develop installs have only their metadata.
    const record = digestFile(join(path, 'RECORD'));
    const parts =
      record === null ? ['METADATA', 'PKG-INFO'].map(name => digestFile(join(path, name))) : [record];
    return hasher.digest(
      ['package', ...parts, digestFile(join(path, 'direct_url.json'))].map(String).join('\0'),
    );
  };
  return {
    digestEntries,
    observe(kind, name) {
      switch (kind) {
        case 'file':
        case 'module':
          return digestFile(resolve(project, name));
        case 'folder':
          return digestFolder(resolve(project, name));
        case 'package':
          return digestPackage(resolve(project, name));
        case 'environment': {
          if (name === ALL_NAMES) return hasher.digest(variableNames(environment()).join('\0'));
          const value = environment()[name];
          return value === undefined ? null : hasher.digest(value);
        }
      }
    },
    expand: glob => expandGlob(project, glob),
    stampOf(name, digest) {
      const path = resolve(project, name);
      const stats = look(path);
      if (typeof stats === 'string' || !stats.isFile()) return undefined;
      const stamp = stampOf(stats);
      return stamps.find(path, stamp) === digest ? stamp : undefined;
    },
    hasStamp(name, stamp) {
      // Thousands of them: names are normalised already.
      const stats = look(isAbsolute(name) ? name : `${project}/${name}`);
      return typeof stats !== 'string' && stats.isFile() && stampOf(stats) === stamp;
    },
    nameOf(path) {
      const inside = relative(project, path);
      if (inside === '') return '.';
      if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
        return path.replaceAll(sep, '/');
      return inside.replaceAll(sep, '/');
    },
  };
}

export interface WorldOptions {
  readonly observer: Observer;
  readonly traces: TraceStore;
  readonly objects: Pick<ObjectStore, 'has'>;
}

/** A snapshot: everything is looked at once, when it is first asked for. */
export function createWorld({ observer, traces, objects }: WorldOptions): World {
  const seen = new Map<string, Digest | null>();
  const records = new Map<Key, readonly Trace[]>();
  const globs = new Map<string, readonly string[]>();
  return {
    traces: key => remembered(records, key, () => wholeTraces(traces, objects, key)),
    observe: (kind, name) => remembered(seen, `${kind}\0${name}`, () => observer.observe(kind, name)),
    expand: glob => remembered(globs, glob, () => observer.expand(glob)),
  };
}

/**
 * For runs, in which files come and go: looks anew every time. Packages are many folders that no block of a sound
 * project changes, so those are looked at once; one that is replaced in mid-run is found changed by the next run.
 */
export function createLiveWorld({ observer, traces, objects }: WorldOptions): World {
  const packages = new Map<string, Digest | null>();
  return {
    traces: key => wholeTraces(traces, objects, key),
    observe: (kind, name) =>
      kind === 'package'
        ? remembered(packages, name, () => observer.observe(kind, name))
        : observer.observe(kind, name),
    expand: glob => observer.expand(glob),
  };
}

const wholeTraces = (traces: TraceStore, objects: Pick<ObjectStore, 'has'>, key: Key): readonly Trace[] =>
  traces.read(key).filter(trace => objectsOf(trace).every(ref => objects.has(ref)));

function remembered<Name, Value>(known: Map<Name, Value>, name: Name, find: () => Value): Value {
  const before = known.get(name);
  if (before !== undefined || known.has(name)) return before as Value;
  const value = find();
  known.set(name, value);
  return value;
}

/** Follows links. A path whose folders may not be entered is there for all we know. */
export function look(path: string): BigIntStats | 'absent' | 'unreadable' {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    return isAbsent(error) ? 'absent' : 'unreadable';
  }
}
