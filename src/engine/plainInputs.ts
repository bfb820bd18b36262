/**
 * The common case of resolving inputs, without lists of what is offered: every name that is read comes from one parent,
 * stored alone, and leads to no further ones. Nothing is decided here that the general way would decide otherwise:
 * whatever has to be chosen, followed or refused is left to it.
 */
import type { BlockId } from '../protocol/ids.js';
import type { Component, InputIngredient, Trace } from '../protocol/trace.js';
import type { Project } from './project.js';
import {
  NO_NAMES,
  otherNames,
  type BoundComponent,
  type LiveInputs,
  type ResolvedInputs,
} from './resolvedInputs.js';

/** @returns `undefined`: it is not the common case */
export function plainInputs(
  project: Project,
  block: number,
  traceOf: (parent: number) => Trace,
): ResolvedInputs | undefined {
  if (project.graph.takesAll[block] === 0) return undefined;
  const { names, everything } = project.reads(block);
  if (everything) return undefined;
  const { graph, handsOnAll } = project;
  // By place in `names`, which are sorted: so are the inputs in a key, and so is what is restored.
  const given: (Component | undefined)[] = [];
  const givers: number[] = [];
  for (let place = 0; place < names.length; place += 1) {
    given.push(undefined);
    givers.push(-1);
  }
  let count = 0;
  for (let edge = graph.edgeStart[block]!; edge < graph.edgeStart[block + 1]!; edge += 1) {
    const parent = graph.edgeParent[edge]!;
    if (handsOnAll[parent] === 0) return undefined;
    const { exports, withheld } = traceOf(parent);
    for (const component of exports) {
      let isRead = false;
      for (const stored of component.names) {
        const place = placeOf(names, stored);
        if (place < 0) continue;
        if (isRead || givers[place] !== -1) return undefined;
        isRead = true;
        given[place] = component;
        givers[place] = parent;
        count += 1;
      }
      if (isRead && (component.reaches.length > 0 || component.hidden.length > 0)) return undefined;
    }
    for (const { name, why } of withheld) if (why === 'opaque' && placeOf(names, name) >= 0) return undefined;
  }
  const others =
    count === names.length && project.preludeReads(block).length === 0
      ? NOTHING_ELSE
      : otherNames(project, block, name => given[names.indexOf(name)] !== undefined, NOTHING);
  return new PlainInputs(graph.ids, names, given, givers, others);
}

const NONE: readonly never[] = [];
const NOTHING: ReadonlySet<string> = new Set();
const NOTHING_ELSE: ReturnType<typeof otherNames> = { parameters: NO_NAMES, missing: NO_NAMES };

/** So many names are looked through one after the other. */
const FEW = 8;

/** Place in a sorted list, -1: it is not there. */
function placeOf(names: readonly string[], name: string): number {
  if (names.length <= FEW) return names.indexOf(name);
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name ? low : -1;
}

class PlainInputs implements ResolvedInputs {
  readonly live: readonly LiveInputs[] = NONE;
  readonly replay: readonly number[] = NONE;
  readonly ingredients: readonly InputIngredient[];
  readonly parameters: readonly string[];
  readonly missing: readonly string[];
  readonly #ids: readonly BlockId[];
  readonly #names: readonly string[];
  readonly #given: readonly (Component | undefined)[];
  readonly #givers: readonly number[];

  /** @param given by place in `names`, `undefined`: no parent gives it. @param givers the parents that do */
  constructor(
    ids: readonly BlockId[],
    names: readonly string[],
    given: readonly (Component | undefined)[],
    givers: readonly number[],
    { parameters, missing }: Pick<ResolvedInputs, 'parameters' | 'missing'>,
  ) {
    this.#ids = ids;
    this.#names = names;
    this.#given = given;
    this.#givers = givers;
    this.parameters = parameters;
    this.missing = missing;
    const ingredients: InputIngredient[] = [];
    for (let place = 0; place < names.length; place += 1) {
      const component = given[place];
      const name = names[place]!;
      if (component !== undefined)
        ingredients.push({ name, component: component.digest, sharing: aloneIn(component, name) });
    }
    this.ingredients = ingredients;
  }

  /** Only blocks that run are bound anything. */
  get components(): readonly BoundComponent[] {
    const bound: BoundComponent[] = [];
    for (let place = 0; place < this.#names.length; place += 1) {
      const component = this.#given[place];
      if (component === undefined) continue;
      const name = this.#names[place]!;
      const from = this.#ids[this.#givers[place]!]!;
      bound.push({ from, component, bind: new Map([[name, aloneIn(component, name)]]) });
    }
    return bound;
  }
}

/** The list with this name only; mostly the component has it already. */
const aloneIn = ({ names }: Component, name: string): readonly string[] =>
  names.length === 1 ? names : [name];
