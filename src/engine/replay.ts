/**
 * Values that can not be stored, and blocks whose filter is off, reach a reader alive: the code that makes them runs
 * again in the reader's own process.
 *
 *   filter off   the whole session goes on:  [replay a] [replay b] [block]       one namespace, one after the other
 *   opaque       named values are handed on: [block: live from ([replay p]: gen)] p's session is made beside, then left
 *
 * A reader's key holds `sessionDigest` of each block that is run again for it: that block's key and all it discovered,
 * which hold those of the blocks run again for that one. So what a replay does is known before it runs, and nothing
 * that it depends on is missing from the key.
 */
import type { BlockId, Digest } from '../protocol/ids.js';
import type { Trace } from '../protocol/trace.js';
import { inputNames } from './inputNames.js';
import { frameDigest, frameList, frameText } from './key.js';
import type { Hasher } from './ports.js';
import { namesOf, type Project } from './project.js';

export const isOff = (project: Project, block: number): boolean =>
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

export function valueParents({ graph }: Project, block: number): readonly number[] {
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
    for (const name of inputNames(traceOf(member))) names.add(name);
  }
  return names;
}

/** Stands for the session that a trace's execution left: everything known before it and everything it discovered. */
export function sessionDigest(hasher: Hasher, project: Project, block: number, trace: Trace): Digest {
  const discovered = frameList(
    trace.discovered,
    ({ kind, name, digest }) => frameText(kind) + frameText(name) + frameDigest(digest),
  );
  // Where the same code on the same things can come to something else, each execution leaves a session of its own.
  const { run, ttl } = project.snapshot.blocks[block]!.declaration;
  const isVolatile =
    run === 'always' || ttl !== undefined || trace.external.length > 0 || trace.untracked.length > 0;
  return hasher.digest(
    `session\n${frameText(trace.key)}${discovered}${isVolatile ? frameText(trace.id) : ''}`,
  );
}

/**
 * Why the code of a block may not be run again behind its stored values; `undefined`: it may. Its stored values are
 * those of one execution and the live one is that of another: where the two can differ, or the second one does to the
 * outside what only the first should, a mixture of both is no state that a clean run of the project knows.
 * A filter that is off says yes to all of this: there nothing stored stands beside the live session.
 */
export function whyNotReplayed(project: Project, block: number, trace: Trace): string | undefined {
  const { run } = project.snapshot.blocks[block]!.declaration;
  if (run === 'always') return 'is set to run at every run, so that its values are those of one run only';
  if (run === 'never') return 'is frozen, so that its code must not run';
  if (trace.external.length > 0)
    return `asks ${trace.external.join(', ')}, which can answer otherwise each time`;
  if (trace.untracked.length > 0) return `does what can not be followed: ${trace.untracked.join(', ')}`;
  const { appended, written, discovered } = trace;
  // A log that nobody reads is a side effect of every execution, as it is where the block runs for itself.
  const added = written.find(file => appended.includes(file.path) && isOfUse(project, file));
  if (added !== undefined) return `adds to ${added.path}, and would do so again`;
  const read = new Set(discovered.filter(({ kind }) => kind === 'file').map(({ name }) => name));
  const changed = written.find(({ path }) => read.has(path))?.path ?? discovered.find(isUnrepeatable)?.name;
  if (changed !== undefined)
    return `reads and changes ${changed}, so that the second time is not like the first`;
  for (const { path } of rewrittenBy(trace)) {
    const other = otherWriter(project, block, path);
    if (other !== undefined) return `writes ${path}, and so does ${other}, whose content would be lost`;
  }
  return undefined;
}

/** Files that running its code again makes anew. */
export const rewrittenBy = ({ written, appended }: Trace): Trace['written'] =>
  appended.length === 0 ? written : written.filter(({ path }) => !appended.includes(path));

/** Declared as an output, or read by a block. */
const isOfUse = ({ snapshot }: Project, { path, object }: Trace['written'][number]): boolean =>
  object !== null ||
  snapshot.blocks.some(({ memory }) =>
    memory.last?.discovered.some(({ kind, name }) => kind === 'file' && name === path),
  );

/** Recorded where something changed while the block ran: no state of the world has this digest. */
const isUnrepeatable = ({ digest }: Trace['discovered'][number]): boolean =>
  digest !== null && /^0+$/.test(digest);

function otherWriter({ snapshot }: Project, block: number, path: string): BlockId | undefined {
  return snapshot.blocks.find(
    ({ memory }, other) => other !== block && memory.last?.written.some(file => file.path === path) === true,
  )?.declaration.id;
}
