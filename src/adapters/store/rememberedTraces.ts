/**
 * A trace store that reads each record once: what a block shows, what answers for it and what it ran with before are
 * mostly one trace. For a process that looks at a project once, or holds its lock, so that nobody else writes traces.
 */
import type { TraceStore } from '../../engine/storePorts.js';
import type { Key } from '../../protocol/ids.js';
import type { Trace } from '../../protocol/trace.js';

/** @param read another way to read a record */
export function rememberTraces(
  store: TraceStore,
  read: TraceStore['read'] = key => store.read(key),
): TraceStore {
  const known = new Map<Key, readonly Trace[]>();
  return {
    read(key) {
      const before = known.get(key);
      if (before !== undefined) return before;
      const traces = read(key);
      known.set(key, traces);
      return traces;
    },
    async add(trace) {
      try {
        await store.add(trace);
      } finally {
        known.delete(trace.key);
      }
    },
    remove(key, trace) {
      known.delete(key);
      store.remove(key, trace);
    },
    keys: () => store.keys(),
  };
}
