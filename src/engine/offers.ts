/** What the parents of a block offer it: stored variables, variables that can not be stored, names of a live session. */
import { byCodeUnit, type BlockId } from '../protocol/ids.js';
import type { Problem } from '../protocol/problem.js';
import type { Component, Trace, Withheld } from '../protocol/trace.js';
import { isVisible } from './filters.js';
import { isDescendant } from './closures.js';
import type { Project } from './project.js';
import { inputNames } from './inputNames.js';
import { sessionNames } from './replay.js';

export type Source =
  | { readonly kind: 'stored'; readonly component: Component; readonly stored: string }
  /** Not stored under its parent's name: made again beside. `withheld` absent: stored or not, it shares or is reached. */
  | { readonly kind: 'opaque'; readonly stored: string; readonly withheld?: Withheld }
  /** Made again by running the code of parents whose filter is off. */
  | { readonly kind: 'session' };

export interface Offer {
  readonly parent: number;
  /** As the child calls it. */
  readonly name: string;
  readonly source: Source;
}

/** A block with the traces of its parents; for parents whose filter is off, those of their ancestors too. */
export interface Parents {
  readonly project: Project;
  readonly block: number;
  readonly traceOf: (ancestor: number) => Trace;
  /** Whether a parent takes part; absent: each does. */
  readonly has?: (parent: number) => boolean;
}

/** Offers of names for which `asks` holds, by name. */
export function offersBy(
  { project, block, traceOf, has }: Parents,
  asks: (name: string, kind: Source['kind']) => boolean,
): Map<string, readonly Offer[]> {
  const { graph, snapshot } = project;
  const byName = new Map<string, readonly Offer[]>();
  const first = graph.edgeStart[block]!;
  for (let edge = first; edge < graph.edgeStart[block + 1]!; edge += 1) {
    const parent = graph.edgeParent[edge]!;
    if (has?.(parent) === false) continue;
    const { use } = snapshot.blocks[block]!.declaration.parents[edge - first]!;
    const { filter } = snapshot.blocks[parent]!.declaration;
    if (filter.kind === 'off') {
      for (const name of sessionNames(project, parent, traceOf)) {
        if (asks(name, 'session')) add(byName, { parent, name, source: SESSION });
      }
      continue;
    }
    const trace = traceOf(parent);
    const accepts = project.accepts(parent);
    for (const component of trace.exports) {
      for (const stored of component.names) {
        const name = use === undefined ? stored : use.get(stored);
        if (name === undefined || !asks(name, 'stored')) continue;
        if (!isVisible(trace, component, stored, filter, accepts)) continue;
        add(byName, { parent, name, source: { kind: 'stored', component, stored } });
      }
    }
    for (const withheld of trace.withheld) {
      const name = use === undefined ? withheld.name : use.get(withheld.name);
      if (name === undefined || withheld.why !== 'opaque' || !accepts(withheld.name)) continue;
      if (asks(name, 'opaque'))
        add(byName, { parent, name, source: { kind: 'opaque', stored: withheld.name, withheld } });
    }
  }
  return byName;
}

/** A repeated edge makes one offer. */
function add(byName: Map<string, readonly Offer[]>, offer: Offer): void {
  const others = byName.get(offer.name);
  if (others === undefined) byName.set(offer.name, [offer]);
  else if (!others.some(other => other.parent === offer.parent && isSame(other, offer)))
    byName.set(offer.name, [...others, offer]);
}

const SESSION: Source = { kind: 'session' };

/** A global as a parent's own functions know it, hidden or not and whatever the edge calls it. */
export function offerBehind({ project, traceOf }: Parents, parent: number, name: string): Offer | undefined {
  if (project.snapshot.blocks[parent]!.declaration.filter.kind === 'off') return undefined;
  const { exports, withheld } = traceOf(parent);
  const component = exports.find(({ names }) => names.includes(name));
  if (component !== undefined) return { parent, name, source: { kind: 'stored', component, stored: name } };
  const opaque = withheld.find(each => each.why === 'opaque' && each.name === name);
  return opaque && { parent, name, source: { kind: 'opaque', stored: name, withheld: opaque } };
}

/** A global that a live value of a parent reaches: stored if it can be, else as that parent's session holds it. */
export function offerAlive(parents: Parents, parent: number, name: string): Offer | undefined {
  const trace = parents.traceOf(parent);
  const holds = () => trace.withheld.some(each => each.name === name) || inputNames(trace).includes(name);
  return (
    offerBehind(parents, parent, name) ??
    (holds() ? { parent, name, source: { kind: 'opaque', stored: name } } : undefined)
  );
}

/** Whether two offers of one name give the same value. */
export function isSame(a: Offer, b: Offer): boolean {
  if (a.source.kind === 'stored' && b.source.kind === 'stored') {
    // The same variable of equal components, whichever parent hands it on; members of one component can differ.
    return a.source.component.digest === b.source.component.digest && a.source.stored === b.source.stored;
  }
  if (a.source.kind === 'opaque' && b.source.kind === 'opaque')
    return a.parent === b.parent && a.source.stored === b.source.stored;
  return a.source.kind === b.source.kind && a.parent === b.parent;
}

/**
 * The offer that a block gets: one that descends from the parents of all that differ from it. Equal ones come from the
 * last in topological order, so that variables which share memory come from one parent.
 * @returns two that contradict each other when there is none
 */
export function pick({ graph }: Project, offers: readonly Offer[]): Offer | readonly [Offer, Offer] {
  if (offers.length === 1) return offers[0]!;
  const youngestFirst = [...offers].sort((a, b) => graph.rank[b.parent]! - graph.rank[a.parent]!);
  const differing = (offer: Offer) =>
    offers.find(other => !isSame(other, offer) && !isDescendant(graph, other.parent, offer.parent));
  const best = youngestFirst.find(offer => differing(offer) === undefined);
  return best ?? [youngestFirst[0]!, differing(youngestFirst[0]!)!];
}

export function conflictProblem(
  { graph, snapshot }: Project,
  block: number,
  pair: readonly [Offer, Offer],
): Problem {
  const child = graph.ids[block]!;
  const { name } = pair[0];
  const [a, b] = pair.map(offer => graph.ids[offer.parent]!).sort(byCodeUnit) as [BlockId, BlockId];
  return {
    code: 'name-conflict',
    message: `${child} gets ${name} from both ${a} and ${b}, and the values differ`,
    file: snapshot.blocks[block]!.declaration.notebook,
    remedy: `say in dag.json which variables ${child} takes, for instance { "block": "${b}", "use": { "${name}": "${name}_${b.replace(/\W/g, '_')}" } }`,
  };
}

export function opaqueProblem(
  { graph, snapshot }: Project,
  block: number,
  offer: Offer,
  reason: string,
): Problem {
  const child = graph.ids[block]!;
  const parent = graph.ids[offer.parent]!;
  const withheld = offer.source.kind === 'opaque' ? offer.source.withheld : undefined;
  const what = withheld === undefined ? '' : `, a ${withheld.type} that can not be stored`;
  return {
    code: 'opaque-input',
    message: `${child} needs ${offer.name} of ${parent}${what}, and ${parent} can not run again for it: it ${reason}`,
    file: snapshot.blocks[block]!.declaration.notebook,
    remedy: `make ${offer.name} in ${child} itself, or let ${child} run on the live session of ${parent}: dagpy filter ${parent} off`,
  };
}
