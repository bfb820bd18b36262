/** What judging and running share: the project, the world it stands in, and how keys are made. */
import { success, type Result } from '../protocol/problem.js';
import type { Trace } from '../protocol/trace.js';
import { inheritedAmbient, NO_AMBIENT, outgoingAmbient, type Ambient } from './ambient.js';
import { keyWith, type KeyFunction } from './key.js';
import { placesFor } from './marks.js';
import type { Hasher, ProjectSnapshot, World } from './ports.js';
import { openProject, type Project } from './project.js';
import { neededBy, valueParents } from './replay.js';

export interface Context {
  readonly project: Project;
  readonly world: World;
  readonly hasher: Hasher;
  readonly keyOf: KeyFunction;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface ContextOptions {
  readonly snapshot: ProjectSnapshot;
  readonly world: World;
  readonly hasher: Hasher;
  readonly now: number;
  /** Another way from ingredients to a key, so that tests can break it. */
  readonly keyOf?: KeyFunction;
}

export function openContext({ snapshot, world, hasher, now, keyOf }: ContextOptions): Result<Context> {
  const project = openProject(snapshot);
  return project.ok
    ? success({ project: project.value, world, hasher, now, keyOf: keyOf ?? keyWith(hasher) })
    : project;
}

/** Last good trace of a block, if everything it stored is still there. */
export function lastStored({ project, world }: Context, block: number): Trace | undefined {
  const { last } = project.snapshot.blocks[block]!.memory;
  return last === null ? undefined : world.traces(last.key).find(trace => trace.id === last.id);
}

/**
 * What a frozen block hands on; `undefined`: it is not frozen, or nothing of it is left and it has to run.
 * A block whose filter is off stores nothing that could be held still.
 */
export function frozenTrace(context: Context, block: number): Trace | undefined {
  const { run, filter } = context.project.snapshot.blocks[block]!.declaration;
  return run === 'never' && filter.kind !== 'off' ? lastStored(context, block) : undefined;
}

/** Traces that blocks hand on as they become known, and the ambient state that goes with them. */
export class Values {
  readonly #context: Context;
  readonly #scope: Uint8Array | undefined;
  readonly #traces: (Trace | undefined)[];
  /** Marks of the blocks that have one: mostly nobody wants to know more, and these stay in a processor's cache. */
  readonly #isKnown: Uint8Array;
  /** Absent until a block leaves some, which few projects have. */
  #ambient: (Ambient | undefined)[] | undefined;
  readonly #isRemembered = new Set<number>();
  /** For blocks whose parents are not judged. */
  #remembered: RememberedAmbient | undefined;

  /** @param scope marks of the blocks that are judged; others hand on their last stored values. Absent: all. */
  constructor(context: Context, scope?: Uint8Array) {
    const { size } = context.project.graph;
    this.#context = context;
    this.#scope = scope;
    this.#traces = placesFor(size, scope);
    this.#isKnown = new Uint8Array(size);
  }

  find(block: number): Trace | undefined {
    return this.#has(block) ? this.#traces[block] : undefined;
  }

  #has(block: number): boolean {
    if (this.#isKnown[block] === 1) return true;
    if (this.#scope?.[block] !== 0) return false;
    const trace = lastStored(this.#context, block);
    if (trace !== undefined) this.setRemembered(block, trace);
    return trace !== undefined;
  }

  readonly traceOf = (block: number): Trace => {
    const trace = this.find(block);
    if (trace === undefined) throw new Error(`nothing answers for ${this.#context.project.graph.ids[block]}`);
    return trace;
  };

  readonly ambientOf = (block: number): Ambient => this.#ambient?.[block] ?? NO_AMBIENT;

  set(block: number, trace: Trace, inherited: Ambient): void {
    this.#traces[block] = trace;
    this.#isKnown[block] = 1;
    if (this.#isRemembered.size > 0) this.#isRemembered.delete(block);
    this.#setAmbient(block, outgoingAmbient(inherited, trace));
  }

  /** Whether nobody judged it: its last stored values stand for it, whatever its code and its parents are by now. */
  isRemembered(block: number): boolean {
    return this.#isRemembered.has(block);
  }

  /** Takes a block's last stored values as they are, whatever its own parents hold by now. */
  setRemembered(block: number, trace: Trace): void {
    this.#traces[block] = trace;
    this.#isKnown[block] = 1;
    this.#isRemembered.add(block);
    this.#remembered ??= new RememberedAmbient(this.#context);
    this.#setAmbient(block, this.#remembered.of(block));
  }

  #setAmbient(block: number, ambient: Ambient): void {
    if (this.#ambient === undefined) {
      if (ambient.size === 0) return;
      const { size } = this.#context.project.graph;
      this.#ambient = new Array<Ambient | undefined>(size).fill(undefined);
    }
    this.#ambient[block] = ambient;
  }

  /** State that a block starts from, whether the code of its parents runs again in its session or not. */
  inheritedBy(block: number): Ambient {
    if (this.#ambient === undefined) return NO_AMBIENT;
    const { project } = this.#context;
    return inheritedAmbient(project.graph, valueParents(project, block), this.ambientOf);
  }

  /** Whether the traces are there that have to be before `block` can be evaluated. */
  hasInputsOf(block: number): boolean {
    const { graph, hasOff } = this.#context.project;
    if (hasOff) return this.lackedBy(block).length === 0;
    for (let slot = graph.parentStart[block]!; slot < graph.valueEnd[block]!; slot += 1)
      if (!this.#has(graph.parents[slot]!)) return false;
    return true;
  }

  /** Blocks whose traces have to be there before `block` can be evaluated, and are not. */
  lackedBy(block: number): readonly number[] {
    const { project } = this.#context;
    return neededBy(project, block).filter(parent => !this.#has(parent));
  }
}

/** Ambient state by last stored values alone, worked out for a block and what lies above it when it is asked for. */
class RememberedAmbient {
  readonly #project: Project;
  readonly #known = new Map<number, Ambient>();

  constructor({ project }: Context) {
    this.#project = project;
  }

  of(block: number): Ambient {
    // So it is in most projects, and then nobody has to look above.
    if (!this.#project.hasAmbient) return NO_AMBIENT;
    const open = [block];
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      const parents = valueParents(this.#project, next);
      const lacking = parents.filter(parent => !this.#known.has(parent));
      if (lacking.length > 0) open.push(...lacking);
      else {
        this.#known.set(next, this.#leave(next, parents));
        open.pop();
      }
    }
    return this.#known.get(block)!;
  }

  #leave(block: number, parents: readonly number[]): Ambient {
    const { graph, snapshot } = this.#project;
    const inherited = inheritedAmbient(graph, parents, parent => this.#known.get(parent)!);
    const { last } = snapshot.blocks[block]!.memory;
    return last === null ? inherited : outgoingAmbient(inherited, last);
  }
}
