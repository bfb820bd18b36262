/** What the answer about a project rests on, for whoever follows it: what to look at, and in which folders it lies. */
import { dirname, resolve } from 'node:path';
import type { World } from '../engine/ports.js';
import type { Seen, Sight } from '../protocol/verdict.js';

export type Watched = Pick<Seen, 'sights' | 'expansions'>;

export const NOTHING_SEEN: Watched = { sights: [], expansions: [] };

/** How a file looks, taken before it is read: what changes in between is found by the next comparison. */
export const sightOf = (name: string, world: Pick<World, 'observe'>): Sight => ({
  kind: 'file',
  name,
  digest: world.observe('file', name),
});

/**
 * @param sights of files that were read whether the project could be judged or not
 * @param seen `undefined`: something changed while it was looked at, so only the files are known
 */
export const watchedOf = (sights: readonly Sight[], seen: Watched | undefined): Watched => ({
  sights: [...sights, ...(seen?.sights ?? [])],
  expansions: seen?.expansions ?? [],
});

/** Folders in which something happens when one of the things changes. */
export function foldersOf(project: string, { sights }: Watched): readonly string[] {
  const folders = sights
    .filter(({ kind }) => kind !== 'environment' && kind !== 'package')
    .map(({ kind, name }) => (kind === 'folder' ? resolve(project, name) : dirname(resolve(project, name))));
  return [...new Set(folders)];
}
