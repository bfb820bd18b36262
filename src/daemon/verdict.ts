/** Whether the answer to an earlier call still stands, and keeping the answer to this one. */
import { toTheEnd, type Pieces } from '../engine/index.js';
import type { World } from '../engine/ports.js';
import type { ObjectStore } from '../engine/storePorts.js';
import type { Digest } from '../protocol/ids.js';
import type { Seen, Sight } from '../protocol/verdict.js';
import type { LoadedProject } from './loadProject.js';

/** Everything looks as it did. A glob is expanded and each thing looked at once; nothing is read that has its old stamp. */
export function stillStands(
  { sights, expansions, objects }: Seen,
  world: Pick<World, 'observe' | 'expand'>,
  store: Pick<ObjectStore, 'has'>,
): boolean {
  return (
    sights.every(({ kind, name, digest }) => world.observe(kind, name) === digest) &&
    objects.every(ref => store.has(ref)) &&
    expansions.every(({ glob, paths }) => sameTexts(world.expand(glob), paths))
  );
}

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
