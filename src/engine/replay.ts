/** Blocks whose filter is off store nothing: their code runs again in the session of whoever continues them. */
import type { Digest } from '../protocol/ids.js';
import type { Trace } from '../protocol/trace.js';
import { frameDigest, frameList, frameText } from './key.js';
import type { Hasher } from './ports.js';
import { namesOf, type Project } from './project.js';

const isOff = (project: Project, block: number): boolean =>
  project.snapshot.blocks[block]!.declaration.filter.kind === 'off';

/** Ancestors of a block that an unbroken line of off filters leads to, in topological order. */
export function offAncestors(project: Project, block: number): readonly number[] {
  if (!project.hasOff) return NONE;
  const { graph } = project;
  const found = new Set<number>();
  const open = [block];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (let slot = graph.parentStart[next]!; slot < graph.valueEnd[next]!; slot += 1) {
      const parent = graph.parents[slot]!;
      if (!isOff(project, parent) || found.has(parent)) continue;
      found.add(parent);
      open.push(parent);
    }
  }
  return [...found].sort((a, b) => graph.rank[a]! - graph.rank[b]!);
}

const NONE: readonly number[] = [];

/** Blocks whose values a block starts from: its parents, and those of the ancestors that run again for it. */
export function neededBy(project: Project, block: number): readonly number[] {
  const needed = valueParents(project, block);
  const replayed = offAncestors(project, block);
  if (replayed.length === 0) return needed;
  return [...new Set([...replayed.flatMap(each => valueParents(project, each)), ...needed])];
}

/** Those of them that are not run again: where everything in the block's session comes from. */
export function sourcesOf(project: Project, block: number): readonly number[] {
  const needed = neededBy(project, block);
  if (!project.hasOff) return needed;
  const replayed = offAncestors(project, block);
  return needed.filter(each => !replayed.includes(each));
}

function valueParents({ graph }: Project, block: number): number[] {
  const parents: number[] = [];
  for (let slot = graph.parentStart[block]!; slot < graph.valueEnd[block]!; slot += 1)
    parents.push(graph.parents[slot]!);
  return parents;
}

/** Names that the session of an off block holds: what its chain may bind and what was handed to it. */
export function sessionNames(
  project: Project,
  block: number,
  traceOf: (block: number) => Trace,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const member of [...offAncestors(project, block), block]) {
    for (const name of namesOf(project.snapshot.blocks[member]!.cells, facts => facts.mayBind))
      names.add(name);
    for (const { name } of traceOf(member).ingredients.inputs)
      if (!name.startsWith(REPLAYED)) names.add(name);
  }
  return names;
}

/** Marks the input that stands for a whole session; no Python name begins with it. */
export const REPLAYED = '*';

/** Stands for the session that a trace's execution left: everything known before it and everything it discovered. */
export function sessionDigest(hasher: Hasher, trace: Trace): Digest {
  const discovered = frameList(
    trace.discovered,
    ({ kind, name, digest }) => frameText(kind) + frameText(name) + frameDigest(digest),
  );
  return hasher.digest(`session\n${frameText(trace.key)}${discovered}`);
}
