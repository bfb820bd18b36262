/** What an interactive session of a block starts from: what it handed on, what it read, and the state it left. */
import { join } from 'node:path';
import { ancestorsOf, cwdOf, type BoundComponent, type Context } from '../engine/index.js';
import { withoutNames } from '../engine/offered.js';
import type { Trace } from '../protocol/trace.js';
import type { JobInput } from '../protocol/workerMessages.js';
import { blockOf, inputOf } from './jobSpec.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts } from './ports.js';

/** Read by `worker/interactive.py`. */
export interface InteractiveSpec {
  readonly project: string;
  /** Absolute. */
  readonly cwd: string;
  readonly title: string;
  readonly note: string;
  readonly prelude: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Modules that the values need. */
  readonly imports: readonly string[];
  readonly inputs: readonly JobInput[];
  readonly ambient: Readonly<Record<string, string>>;
}

export interface InteractiveOptions {
  readonly ports: ProjectPorts;
  readonly loaded: LoadedProject;
  readonly context: Context;
  readonly block: number;
  readonly trace: Trace;
  /** The last stored values of a block. */
  traceOf(block: number): Trace | null;
}

/** @throws ProblemError where a stored object is missing or damaged */
export function interactiveSpec(options: InteractiveOptions): InteractiveSpec {
  const { ports, loaded, context, block, trace } = options;
  const { graph } = context.project;
  const { declaration } = context.project.snapshot.blocks[block]!;
  const withheld = new Set(trace.withheld.map(({ name }) => name));
  // A name that the block made must not show what it was before.
  const hidden = new Set([...trace.exports.flatMap(({ names }) => names), ...withheld]);
  const read = readComponents(options);
  const given = read.flatMap(bound => withoutNames(bound, hidden));
  const parameters = trace.ingredients.parameters.filter(({ name }) => !hidden.has(name));
  const handedOn = trace.exports.map(component => ({
    component,
    from: trace.block,
    bind: new Map(component.names.map(name => [name, [name]] as const)),
  }));
  // What it changed comes last, so that it stands over what it read.
  const inputs = [...given, ...handedOn].map(bound => inputOf(ports, bound));
  const states = new Map<string, string>();
  const above = ancestorsOf(graph, [block]);
  for (const ancestor of graph.order) {
    const left = ancestor === block ? trace : above[ancestor] === 1 ? options.traceOf(ancestor) : null;
    for (const { adapter, state } of left?.ambient ?? []) {
      const path = ports.objects.verifiedPath(state, 'head');
      if (path !== undefined) states.set(adapter, path);
    }
  }
  // Of what the filter keeps back only that is told which a person would take for what was read.
  const before = new Set([
    ...read.flatMap(({ bind }) => [...bind.values()].flat()),
    ...trace.ingredients.parameters.map(({ name }) => name),
  ]);
  const missing = trace.withheld.filter(({ name, why }) => why !== 'filter' || before.has(name));
  return {
    project: ports.folder,
    cwd: join(ports.folder, cwdOf(declaration)),
    title: declaration.id,
    note:
      missing.length === 0
        ? ''
        : `not stored, so not here: ${missing.map(({ name, type }) => `${name} (${type})`).join(', ')}`,
    prelude: preludeOf(loaded, declaration.id),
    parameters: Object.fromEntries(parameters.map(({ name, value }) => [name, value])),
    imports: trace.imports,
    inputs,
    ambient: Object.fromEntries(states),
  };
}

export function preludeOf(loaded: LoadedProject, id: string): readonly string[] {
  const { prelude } = loaded.snapshot.dag;
  if (prelude === undefined || prelude === id) return [];
  const { codeCells, notebook } = blockOf(loaded, prelude);
  return codeCells.flatMap(index => notebook.cells[index]?.source ?? []);
}

/** Components that the block was given when it ran, where they are still stored, under the names it gave them. */
function readComponents({ context, block, trace, traceOf }: InteractiveOptions): readonly BoundComponent[] {
  const { graph, snapshot } = context.project;
  const wanted = new Map<string, string[]>();
  for (const { name, component } of trace.ingredients.inputs)
    wanted.set(component, [...(wanted.get(component) ?? []), name]);
  const found = new Map<string, BoundComponent>();
  for (const edge of snapshot.blocks[block]!.declaration.parents) {
    const parent = traceOf(graph.indexOf.get(edge.block)!);
    for (const component of parent?.exports ?? []) {
      const names = wanted.get(component.digest);
      if (names === undefined || found.has(component.digest)) continue;
      const bind = component.names.flatMap((theirs): readonly (readonly [string, readonly string[]])[] => {
        const mine = edge.use === undefined ? theirs : edge.use.get(theirs);
        return mine !== undefined && names.includes(mine) ? [[theirs, [mine]]] : [];
      });
      found.set(component.digest, { component, from: edge.block, bind: new Map(bind) });
    }
  }
  return [...found.values()];
}
