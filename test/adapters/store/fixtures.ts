/** A project folder with a store, and traces to put into it. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHasher } from '../../../src/adapters/hash.js';
import { createCacheKeeper } from '../../../src/adapters/store/collect.js';
import type { Disk } from '../../../src/adapters/store/disk.js';
import type { Store } from '../../../src/adapters/store/index.js';
import { openStore } from '../../../src/adapters/store/index.js';
import { blockId, keyOf, traceId, uid, type Digest } from '../../../src/protocol/ids.js';
import type { CacheKeeper, ProjectLock } from '../../../src/engine/storePorts.js';
import type { ObjectRef, StoredBuffer, Trace } from '../../../src/protocol/trace.js';
import { TRACE_VERSION } from '../../../src/protocol/trace.js';

export const hasher = await createHasher();

export interface Place extends Disposable {
  /** Holds the project and the user's folders. */
  readonly root: string;
  readonly project: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Opens the store anew, as another process would. */
  open(options?: { disk?: Disk; environment?: NodeJS.ProcessEnv }): Store;
}

export function newPlace(): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'dagpy-store-')));
  return placeAt(root, () => rmSync(root, { recursive: true, force: true }));
}

export function placeAt(root: string, dispose: () => void = () => undefined): Place {
  const project = join(root, 'project');
  const environment = { HOME: join(root, 'home') };
  return {
    root,
    project,
    environment,
    open(options = {}) {
      const store = openStore({ project, hasher, environment, ...options });
      store.prepare();
      return store;
    },
    [Symbol.dispose]: dispose,
  };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

export interface TraceWish {
  readonly id?: string;
  readonly key?: string;
  readonly block?: string;
  readonly createdAt?: number;
  readonly display: ObjectRef;
  readonly head?: ObjectRef;
  readonly buffers?: readonly StoredBuffer[];
  /** Digest of the component that it reads. */
  readonly input?: Digest;
}

export function someTrace({
  id = 't1',
  key = 'k1',
  block = 'load',
  createdAt = 1,
  display,
  head,
  buffers = [],
  input,
}: TraceWish): Trace {
  const digest = hasher.digest(key);
  return {
    version: TRACE_VERSION,
    id: traceId(id),
    key: keyOf(digest),
    uid: uid(`uid-${block}`),
    block: blockId(block),
    createdAt,
    seconds: 0.25,
    peakBytes: 2 ** 33,
    ingredients: {
      version: 1,
      environment: digest,
      uid: uid(`uid-${block}`),
      seed: null,
      cells: [digest],
      prelude: [],
      inputs: [{ name: 'x', component: input ?? digest, sharing: ['x', 'y'] }],
      parameters: [{ name: 'year', value: { deep: [1, 2.5, 'a', null, true, 2 ** 40] } }],
      declared: [{ kind: 'file', name: 'a.csv', digest: null }],
      cwd: '.',
    },
    code: [],
    discovered: [{ kind: 'file', name: 'a.csv', digest: null, detail: 'a' }],
    exports:
      head === undefined
        ? []
        : [
            {
              names: ['x'],
              digest,
              head,
              buffers,
              lineTables: null,
              variables: [{ name: 'x', type: 'int', bytes: 5, summary: '1' }],
              reaches: [],
              hidden: [],
            },
          ],
    withheld: [{ name: 'g', type: 'generator', why: 'opaque', detail: 'can not be pickled' }],
    ambient: [],
    display,
    appended: [],
    written: [],
    external: [],
    untracked: [],
    imports: ['numpy'],
    replayed: [],
    warnings: [],
  };
}

/** Commits an object of some text. */
export async function put(store: Store, text: string): Promise<ObjectRef> {
  const source = { bytes: bytes(text) };
  const [ref] = await store.objects.commit([{ source, digest: null, size: source.bytes.length }]);
  if (ref === undefined) throw new Error('nothing committed');
  return ref;
}

/** Stores an execution whole: objects, trace, memory. */
export async function execute(
  store: Store,
  wish: Omit<TraceWish, 'display'> & { text: string; keep?: number },
): Promise<Trace> {
  const trace = someTrace({ ...wish, display: await put(store, wish.text) });
  await store.traces.add(trace);
  store.memory.remember(trace.uid, trace, wish.keep ?? 3);
  return trace;
}

const repository = join(import.meta.dirname, '..', '..', '..');

export const childArguments = (script: string, ...rest: string[]): string[] => [
  '--import',
  join(repository, 'scripts', 'typescript.mjs'),
  join(import.meta.dirname, script),
  ...rest,
];

/** Runs a script of this folder in a process of its own. */
export function child(script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, childArguments(script, ...args), {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', ...environment },
  });
}

/** A disk on which one kind of call fails. */
export function failingDisk(real: Disk, call: keyof Disk, code: string, matching = ''): Disk {
  const fail = (path: unknown): void => {
    if (matching !== '' && !String(path).includes(matching)) return;
    throw Object.assign(new Error(`${code}: simulated`), { code });
  };
  return {
    ...real,
    [call]: (...args: never[]) => {
      fail(args.at(-1));
      return (real[call] as (...all: never[]) => unknown)(...args);
    },
  };
}

export const keeperOf = (store: Store, lock: ProjectLock | null): CacheKeeper => {
  const { layout, records: traces, objects, stamps, keyId } = store;
  return createCacheKeeper({ layout, traces, objects, stamps, keyId, lock });
};
