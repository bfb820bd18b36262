/** Everything a result depends on, from what the worker saw and what the code names. */
import type { Dependency } from '../protocol/trace.js';
import type { JobResult } from '../protocol/workerMessages.js';
import { asDigest, type Digest } from '../protocol/ids.js';
import { relativeInside, type LiteralFile } from './fileUse.js';
import type { ProjectPorts } from './ports.js';

/** A digest that no content has: what is recorded with it never holds again. */
const NEVER = '0'.repeat(64) as Digest;

/** @param literal files that strings of the code named when the block started */
export function dependenciesOf(
  ports: Pick<ProjectPorts, 'discoveries' | 'world' | 'folder'>,
  result: JobResult,
  literal: readonly LiteralFile[],
): readonly Dependency[] {
  const found = ports.discoveries.dependencies(result.discoveries);
  // What changed while the block ran belongs to no state of the world: the result is used now and never again.
  if (!found.ok) return found.changed.map((name): Dependency => ({ kind: 'file', name, digest: NEVER }));
  const seen = new Set(found.dependencies.filter(each => each.kind === 'file').map(each => each.name));
  const { written: own, writtenBefore } = result.discoveries;
  const written = new Set([...own, ...writtenBefore].map(path => relativeInside(ports.folder, path)));
  const named = literal.flatMap(({ path, digest }): readonly Dependency[] => {
    if (seen.has(path) || written.has(path)) return [];
    const now = ports.world.observe('file', path);
    // Another content than at the start: the block wrote it where no hook could see it, so it is no input.
    return now === digest ? [{ kind: 'file', name: path, digest: asDigest(digest) ?? NEVER }] : [];
  });
  return [...found.dependencies, ...named];
}
