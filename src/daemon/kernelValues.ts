/**
 * What a person's own kernel gets of a block: everything that its parents offer, and for `state` what it made itself over
 * it. Whether the block's code reads a value by now does not matter, since the person is writing that code.
 */
import { join } from 'node:path';
import {
  ancestorsOf,
  cwdOf,
  EXIT_CODE,
  type Ambient,
  type BoundComponent,
  type Context,
} from '../engine/index.js';
import { inheritedAmbient, NO_AMBIENT, outgoingAmbient } from '../engine/ambient.js';
import { offeredInputs, withoutNames } from '../engine/offered.js';
import { valueParents } from '../engine/replay.js';
import type { Json } from '../protocol/dagFile.js';
import type { BlockId, Digest } from '../protocol/ids.js';
import type { Trace, Withheld } from '../protocol/trace.js';
import { preludeOf } from './interactiveSession.js';
import { seedOf } from './jobSpec.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts } from './ports.js';

export interface KernelValues {
  readonly block: BlockId;
  readonly what: 'inputs' | 'state';
  /** Absolute. */
  readonly cwd: string;
  /** Sources of the cells that run first, silently. */
  readonly prelude: readonly string[];
  readonly preludeCells: readonly Digest[];
  readonly parameters: readonly (readonly [name: string, value: Json])[];
  /** In the order of restoring: what comes later stands over what came before. */
  readonly components: readonly BoundComponent[];
  readonly ambient: Ambient;
  readonly seed: string | null;
  /** What is not there and what is not of today, each with what to do. */
  readonly notes: readonly string[];
}

export interface KernelValuesOptions {
  readonly ports: ProjectPorts;
  readonly loaded: LoadedProject;
  readonly context: Context;
  readonly block: number;
  readonly what: 'inputs' | 'state';
  /** The last stored values of a block; `null`: it has not run. */
  traceOf(block: number): Trace | null;
  /** Where its values come from: a run that holds now, one that does not any more, or a kernel. */
  standing(block: number): 'current' | 'stale' | 'local';
}

export function kernelValues(options: KernelValuesOptions): KernelValues {
  const { ports, loaded, context, block, what, traceOf } = options;
  const { project } = context;
  const { declaration, uid } = project.snapshot.blocks[block]!;
  const own = what === 'state' ? traceOf(block) : null;
  const offered = offeredInputs(
    project,
    block,
    parent => traceOf(parent)!,
    parent => project.snapshot.blocks[parent]!.declaration.filter.kind !== 'off' && traceOf(parent) !== null,
  );
  const made = own?.exports.map(component => handedOn(own, component)) ?? [];
  // A name that the block made and did not store must not show a parent's value instead.
  const hidden = new Set([
    ...(own?.exports.flatMap(({ names }) => names) ?? []),
    ...(own?.withheld.map(({ name }) => name) ?? []),
  ]);
  const given = offered.components.flatMap(bound => withoutNames(bound, hidden));
  const components = [...given, ...made];
  const bound = new Set(components.flatMap(({ bind }) => [...bind.values()].flat()));
  const isPrelude = declaration.id === loaded.snapshot.dag.prelude;
  return {
    block: declaration.id,
    what,
    cwd: join(ports.folder, cwdOf(declaration)),
    prelude: isPrelude ? [] : preludeOf(loaded, declaration.id),
    preludeCells: project.preludeCells(block),
    parameters: [...project.snapshot.parameters].filter(([name]) => !bound.has(name) && !hidden.has(name)),
    components,
    ambient: ambientOf(options, own),
    seed: seedOf(ports, loaded, uid),
    notes: [
      ...(what === 'state' ? ownNotes(options, own) : []),
      ...parentNotes(options, bound),
      ...offered.problems
        .filter(({ code }) => code === 'name-conflict')
        .map(({ message, remedy }) => `${message}: ${remedy}`),
    ],
  };
}

function handedOn(trace: Trace, component: Trace['exports'][number]): BoundComponent {
  const names = component.names.filter(name => name !== EXIT_CODE);
  return { from: trace.block, component, bind: new Map(names.map(name => [name, [name]])) };
}

/** Hidden state that the block starts from, and for `state` what it left. */
function ambientOf({ context, block, traceOf }: KernelValuesOptions, own: Trace | null): Ambient {
  const { project } = context;
  const { graph } = project;
  const above = ancestorsOf(graph, [block]);
  const outgoing = new Map<number, Ambient>();
  const inherited = (each: number): Ambient =>
    inheritedAmbient(graph, valueParents(project, each), parent => outgoing.get(parent) ?? NO_AMBIENT);
  for (const ancestor of graph.order) {
    if (above[ancestor] !== 1 || ancestor === block) continue;
    const trace = traceOf(ancestor);
    const incoming = inherited(ancestor);
    outgoing.set(ancestor, trace === null ? incoming : outgoingAmbient(incoming, trace));
  }
  const incoming = inherited(block);
  return own === null ? incoming : outgoingAmbient(incoming, own);
}

function ownNotes({ context, block, standing }: KernelValuesOptions, own: Trace | null): readonly string[] {
  const { declaration } = context.project.snapshot.blocks[block]!;
  const { id } = declaration;
  if (declaration.filter.kind === 'off')
    return [`${id} stores nothing, since its filter is off: run its cells here, or give it a filter`];
  if (own === null)
    return [`${id} has not run yet, so only what it is given is here: run it, or run its cells here`];
  return [...standingNotes(id, standing(block)), ...own.withheld.map(each => withheldNote(id, each))];
}

function parentNotes(
  { context, block, traceOf, standing }: KernelValuesOptions,
  bound: ReadonlySet<string>,
): readonly string[] {
  const { project } = context;
  const reads = project.reads(block).names;
  return valueParents(project, block).flatMap(parent => {
    const { declaration } = project.snapshot.blocks[parent]!;
    const { id } = declaration;
    if (declaration.filter.kind === 'off')
      return [`${id} stores nothing, since its filter is off: give it a filter and run it`];
    const trace = traceOf(parent);
    if (trace === null) return [`${id} has not run yet: run it, then load its results`];
    return [
      ...standingNotes(id, standing(parent)),
      ...trace.withheld
        // What the filter leaves out is the person's own choice, unless the code asks for it.
        .filter(({ name, why }) => !bound.has(name) && (why !== 'filter' || reads.includes(name)))
        .map(each => withheldNote(id, each)),
    ];
  });
}

function standingNotes(id: BlockId, standing: 'current' | 'stale' | 'local'): readonly string[] {
  switch (standing) {
    case 'current':
      return [];
    case 'stale':
      return [`${id} is not fresh: these are the values of its last run`];
    case 'local':
      return [`${id} is local: its values were adopted from a kernel, and no run has made them yet`];
  }
}

function withheldNote(id: BlockId, { name, type, why, detail }: Withheld): string {
  const what = `${name} (${type}) of ${id} is not here`;
  switch (why) {
    case 'filter':
      return `${what}: the filter leaves it out; ask for it in the filter, then run ${id}`;
    case 'size':
      return `${what}: it is large and no block reads it; ask for it in the filter, then run ${id}`;
    case 'opaque':
      return `${what}: ${detail === '' ? 'it can not be stored; make it again in this notebook' : detail}`;
  }
}
