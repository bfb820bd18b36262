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

/** A variable of a parent that a block reads. */
interface Given {
  readonly name: string;
  readonly parent: number;
  readonly component: Component;
}

/** @returns `undefined`: it is not the common case */
export function plainInputs(
  project: Project,
  block: number,
  traceOf: (parent: number) => Trace,
): ResolvedInputs | undefined {
  if (project.takesAll[block] === 0 || project.readsEverything(block)) return undefined;
  const { graph, handsOnAll } = project;
  const names = project.readNames(block);
  // By place in `names`, which are sorted: so are the inputs in a key, and so is what is restored.
  const given: (Given | undefined)[] = [];
  for (let place = 0; place < names.length; place += 1) given.push(undefined);
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
        if (isRead || given[place] !== undefined) return undefined;
        isRead = true;
        given[place] = { name: names[place]!, parent, component };
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
  return new PlainInputs(
    graph.ids,
    given.filter(each => each !== undefined),
    others,
  );
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
  readonly #given: readonly Given[];

  constructor(
    ids: readonly BlockId[],
    given: readonly Given[],
    { parameters, missing }: Pick<ResolvedInputs, 'parameters' | 'missing'>,
  ) {
    this.#ids = ids;
    this.#given = given;
    this.parameters = parameters;
    this.missing = missing;
    this.ingredients = given.map(({ name, component }) => ({
      name,
      component: component.digest,
      sharing: aloneIn(component, name),
    }));
  }

  /** Only blocks that run are bound anything. */
  get components(): readonly BoundComponent[] {
    return this.#given.map(({ name, parent, component }) => ({
      from: this.#ids[parent]!,
      component,
      bind: new Map([[name, aloneIn(component, name)]]),
    }));
  }
}

/** The list with this name only; mostly the component has it already. */
const aloneIn = ({ names }: Component, name: string): readonly string[] =>
  names.length === 1 ? names : [name];
