/** What to do about a name that a block reads and nobody gives it. */
import type { BlockId } from '../protocol/ids.js';
import { isDescendant } from './closures.js';
import type { Values } from './context.js';
import type { Project } from './project.js';

/** Sentences to add to a `NameError`. */
export type Hints = ReadonlyMap<string, string>;

const NO_HINTS: Hints = new Map();
/** An index of every name of a larger project costs more than the hints are worth. */
const MOST_BLOCKS = 100_000;

/** Names and the first blocks that may bind them, indexed when a name is first missing. */
export class Makers {
  #byName: Map<string, number[]> | undefined;
  readonly #project: Project;

  constructor(project: Project) {
    this.#project = project;
  }

  of(name: string): readonly number[] {
    const index = (this.#byName ??= this.#index());
    return index.get(name) ?? [];
  }

  #index(): Map<string, number[]> {
    const byName = new Map<string, number[]>();
    const { blocks } = this.#project.snapshot;
    if (blocks.length > MOST_BLOCKS) return byName;
    blocks.forEach(({ cells }, block) => {
      for (const facts of cells) {
        for (const name of facts.mayBind) {
          const makers = byName.get(name);
          if (makers === undefined) byName.set(name, [block]);
          else if (makers.length < 3 && makers[makers.length - 1] !== block) makers.push(block);
        }
      }
    });
    return byName;
  }
}

export function hintsFor(
  project: Project,
  block: number,
  missing: readonly string[],
  values: Values,
  makers: Makers,
): Hints {
  if (missing.length === 0) return NO_HINTS;
  const hints = new Map<string, string>();
  for (const name of missing) {
    const hint = parentHint(project, block, name, values) ?? strangerHint(project, block, name, makers);
    if (hint !== undefined) hints.set(name, hint);
  }
  return hints.size === 0 ? NO_HINTS : hints;
}

/** A parent has it and keeps it back, or the edge leaves it out. */
function parentHint(project: Project, block: number, name: string, values: Values): string | undefined {
  const { graph, snapshot } = project;
  const child = graph.ids[block]!;
  const first = graph.edgeStart[block]!;
  for (let edge = first; edge < graph.edgeStart[block + 1]!; edge += 1) {
    const parent = graph.edgeParent[edge]!;
    const id = graph.ids[parent]!;
    const trace = values.find(parent);
    if (trace === undefined || snapshot.blocks[parent]!.declaration.filter.kind === 'off') continue;
    const { use } = snapshot.blocks[block]!.declaration.parents[edge - first]!;
    const theirs = use === undefined ? name : ([...use].find(([, mine]) => mine === name)?.[0] ?? name);
    const isStored = trace.exports.some(({ names }) => names.includes(theirs));
    if (isStored && use !== undefined && !use.has(theirs))
      return `${name} is made by ${id}, and the edge to ${child} leaves it out: add it to "use" in dag.json`;
    if (isStored || trace.withheld.some(withheld => withheld.name === theirs && withheld.why !== 'opaque')) {
      return `${theirs} is made by ${id}, whose filter keeps it back: dagpy filter ${id} auto`;
    }
  }
  return undefined;
}

function strangerHint({ graph }: Project, block: number, name: string, makers: Makers): string | undefined {
  const child = graph.ids[block]!;
  const parents = graph.parents.subarray(graph.parentStart[block], graph.valueEnd[block]);
  const strangers = makers
    .of(name)
    .filter(maker => maker !== block && !parents.includes(maker) && !isDescendant(graph, block, maker));
  if (strangers.length === 0) return undefined;
  const ids: readonly BlockId[] = strangers.map(maker => graph.ids[maker]!);
  return ids.length === 1
    ? `${name} is made by ${ids[0]}, which is not a parent of ${child}: dagpy link ${ids[0]} ${child}`
    : `${name} is made by ${ids.join(' and ')}, which are not parents of ${child}: dagpy link ${ids[ids.length - 1]} ${child}`;
}
