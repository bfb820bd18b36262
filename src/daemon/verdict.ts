/** Whether the answer to an earlier call still stands, and keeping the answer to this one. */
import { toTheEnd, type Pieces } from '../engine/index.js';
import type { World } from '../engine/ports.js';
import type { ObjectStore } from '../engine/storePorts.js';
import { asDigest, type Digest } from '../protocol/ids.js';
import type { Seen, Sight, StampedFiles, StoredObjects, Verdict } from '../protocol/verdict.js';
import type { LoadedProject } from './loadProject.js';

/** Who can tell files by their stamps. */
export interface StampReader {
  /** Stamp of a file that has this content, by which it can be told from any later one; `undefined`: it has none. */
  stampOf(name: string, digest: Digest): string | undefined;
  hasStamp(name: string, stamp: string): boolean;
}

/** Everything looks as it did. A glob is expanded and each thing looked at once; nothing is read that has its old stamp. */
export function stillStands(
  { sights, expansions, stamped, stored }: Pick<Verdict, 'sights' | 'expansions' | 'stamped' | 'stored'>,
  world: Pick<World, 'observe' | 'expand'> & StampReader,
  store: Pick<ObjectStore, 'has'>,
): boolean {
  const [names, stamps] = [linesOf(stamped.names), linesOf(stamped.stamps)];
  return (
    names.length === stamps.length &&
    names.every((name, place) => world.hasStamp(name, stamps[place]!)) &&
    sights.every(({ kind, name, digest }) => world.observe(kind, name) === digest) &&
    allThere(stored, store) &&
    expansions.every(({ glob, paths }) => sameTexts(world.expand(glob), paths))
  );
}

function allThere({ digests, sizes }: StoredObjects, store: Pick<ObjectStore, 'has'>): boolean {
  const [names, bytes] = [linesOf(digests), linesOf(sizes)];
  return (
    names.length === bytes.length &&
    names.every((name, place) => {
      const digest = asDigest(name);
      return digest !== undefined && store.has({ digest, size: Number(bytes[place]) });
    })
  );
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.split('\n'));

/** Files that can be told by their stamps apart from all else. */
export function byStamps(
  sights: readonly Sight[],
  world: StampReader,
): { readonly stamped: StampedFiles; readonly sights: readonly Sight[] } {
  const names: string[] = [];
  const stamps: string[] = [];
  const rest: Sight[] = [];
  for (const sight of sights) {
    const { kind, name, digest } = sight;
    const isPlain = (kind === 'file' || kind === 'module') && digest !== null && !name.includes('\n');
    const stamp = isPlain ? world.stampOf(name, digest) : undefined;
    if (stamp === undefined) rest.push(sight);
    else {
      names.push(name);
      stamps.push(stamp);
    }
  }
  return { stamped: { names: names.join('\n'), stamps: stamps.join('\n') }, sights: rest };
}

/** Objects a line each. */
export const inLines = (objects: Seen['objects']): StoredObjects => ({
  digests: objects.map(({ digest }) => digest).join('\n'),
  sizes: objects.map(({ size }) => size).join('\n'),
});

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, place) => text === b[place]);

/** What looks different by now: names of files, folders, modules, packages, variables and globs. */
export const differences = (
  seen: Pick<Seen, 'sights' | 'expansions'>,
  world: Pick<World, 'observe' | 'expand'>,
): readonly Difference[] => toTheEnd(differing(seen, world));

/** The same in pieces. */
export function* differing(
  { sights, expansions }: Pick<Seen, 'sights' | 'expansions'>,
  world: Pick<World, 'observe' | 'expand'>,
): Pieces<readonly Difference[]> {
  const found: Difference[] = [];
  for (const { kind, name, digest } of sights) {
    yield;
    if (world.observe(kind, name) !== digest) found.push({ kind, name });
  }
  for (const { glob, paths } of expansions) {
    yield;
    if (!sameTexts(world.expand(glob), paths)) found.push({ kind: 'glob', name: glob });
  }
  return found;
}

export interface Difference {
  readonly kind: Sight['kind'] | 'glob';
  readonly name: string;
}

/** A file that was read into memory, with the digest of what was read. */
export interface ReadFile {
  readonly name: string;
  readonly digest: Digest;
}

/**
 * What a verdict rests on; `undefined`: a file is not any more what was read, or the answer depends on the clock.
 * @param read files whose content was taken in, by names as the world knows them
 * @param stored files of the store, which nobody else writes under the project's lock
 */
export function groundsOf(
  seen: Seen,
  read: readonly ReadFile[],
  stored: readonly string[],
  world: Pick<World, 'observe'>,
): Seen | undefined {
  const sightOf = (name: string): Sight => ({ kind: 'file', name, digest: world.observe('file', name) });
  const files = read.map(({ name }) => sightOf(name));
  if (files.some(({ digest }, place) => digest !== read[place]?.digest)) return undefined;
  return { ...seen, sights: [...seen.sights, ...files, ...stored.map(sightOf)] };
}

/** Whether time alone may change what a run would do. */
export function dependsOnTime({ snapshot }: LoadedProject): boolean {
  return (
    snapshot.dag.externalTtl !== undefined ||
    snapshot.blocks.some(({ declaration }) => declaration.ttl !== undefined)
  );
}
