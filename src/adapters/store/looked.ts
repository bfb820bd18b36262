/** Notes what a command looks at while it judges a project: the store's own files, objects, and the outside. */
import type { World } from '../../engine/ports.js';
import type { MemoryStore, ObjectStore, TraceStore } from '../../engine/storePorts.js';
import type { Digest } from '../../protocol/ids.js';
import type { Expansion, Seen, Sight } from '../../protocol/verdict.js';
import type { StoredSight } from './keptReads.js';

export class Looked {
  /** Absolute paths of the store's own files, absent ones included, with how they looked before they were read. */
  readonly files = new Map<string, StoredSight | undefined>();
  private readonly objects = new Map<Digest, number>();
  private readonly sights = new Map<string, Sight>();
  private readonly expansions = new Map<string, Expansion>();
  private isContradictory = false;

  /** @param sightOf for who follows the store's files; absent: only their names are noted */
  constructor(private readonly sightOf?: (path: string) => StoredSight) {}

  /** As things looked; `undefined`: something looked different the second time, so nobody can say what was judged. */
  seen(): Seen | undefined {
    if (this.isContradictory) return undefined;
    const objects = [...this.objects].map(([digest, size]) => ({ digest, size }));
    return { sights: [...this.sights.values()], expansions: [...this.expansions.values()], objects };
  }

  traces(store: TraceStore, fileOf: (key: Parameters<TraceStore['read']>[0]) => string): TraceStore {
    return {
      read: key => {
        this.note(fileOf(key));
        return store.read(key);
      },
      add: trace => store.add(trace),
      remove: (key, trace) => store.remove(key, trace),
      keys: () => store.keys(),
    };
  }

  memory(store: MemoryStore & { fileOf(uid: Parameters<MemoryStore['read']>[0]): string }): MemoryStore {
    return {
      read: uid => {
        this.note(store.fileOf(uid));
        return store.read(uid);
      },
      remember: (uid, trace, keep) => store.remember(uid, trace, keep),
      show: (uid, trace) => store.show(uid, trace),
      begin: uid => store.begin(uid),
      fail: (uid, failure) => store.fail(uid, failure),
    };
  }

  private note(path: string): void {
    if (!this.files.has(path)) this.files.set(path, this.sightOf?.(path));
  }

  objectStore(store: ObjectStore): Pick<ObjectStore, 'has'> {
    return {
      has: ref => {
        const there = store.has(ref);
        if (there) this.objects.set(ref.digest, ref.size);
        return there;
      },
    };
  }

  world(world: World): World {
    return {
      traces: key => world.traces(key),
      observe: (kind, name) => {
        const digest = world.observe(kind, name);
        const place = `${kind}\0${name}`;
        const before = this.sights.get(place);
        if (before !== undefined && before.digest !== digest) this.isContradictory = true;
        this.sights.set(place, { kind, name, digest });
        return digest;
      },
      expand: glob => {
        const paths = world.expand(glob);
        this.expansions.set(glob, { glob, paths });
        return paths;
      },
    };
  }
}
