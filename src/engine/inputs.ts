/** What a block takes from its parents' traces: which stored variables come, under which names, from whom. */
import { byCodeUnit, type BlockId } from '../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import type { Component, InputIngredient, Trace } from '../protocol/trace.js';
import { EXIT_CODE } from './filters.js';
import {
  conflictProblem,
  isSame,
  offerAlive,
  offerBehind,
  offersBy,
  opaqueProblem,
  pick,
  type Offer,
  type Parents,
  type Source,
} from './offers.js';
import type { Hasher } from './ports.js';
import type { Project, ReadSet } from './project.js';
import { sessionName } from './inputNames.js';
import { plainInputs } from './plainInputs.js';
import { isOff, offAncestors, sessionDigest, whyNotReplayed } from './replay.js';
import {
  NO_NAMES,
  otherNames,
  type BoundComponent,
  type LiveInputs,
  type ResolvedInputs,
} from './resolvedInputs.js';

/**
 * Resolves the read set, closed over the globals that the functions and classes received reach.
 * @param traceOf the trace that answers for a parent, or for an ancestor behind parents whose filter is off
 */
export function resolveInputs(
  project: Project,
  hasher: Hasher,
  block: number,
  traceOf: (ancestor: number) => Trace,
): Result<ResolvedInputs> {
  const plain = plainInputs(project, block, traceOf);
  return plain === undefined ? resolveAny(project, hasher, block, traceOf) : success(plain);
}

/** The same for every case. */
export function resolveAny(
  project: Project,
  hasher: Hasher,
  block: number,
  traceOf: (ancestor: number) => Trace,
): Result<ResolvedInputs> {
  const parents: Parents = { project, block, traceOf };
  const reads = project.reads(block);
  const { chosen, unmet, problems } = choose(parents, reads);
  if (problems.length > 0) return failure(...problems);
  const components = bindComponents(project, chosen);
  const live = bindLive(project, chosen);
  const ingredients = components.flatMap(ingredientsFrom);
  const { graph } = project;
  const addSession = (parent: number, sharing: readonly string[]) =>
    ingredients.push({
      name: sessionName(graph.ids[parent]!),
      component: sessionDigest(hasher, project, parent, traceOf(parent)),
      sharing,
    });
  for (let slot = graph.parentStart[block]!; slot < graph.valueEnd[block]!; slot += 1)
    if (isOff(project, graph.parents[slot]!)) addSession(graph.parents[slot]!, []);
  for (const { from, bind } of live) addSession(from, sharingOf(bind).sharing);
  if (ingredients.length > 1) ingredients.sort((a, b) => byCodeUnit(a.name, b.name));
  return success({
    components,
    live,
    ingredients,
    replay: offAncestors(project, block),
    ...otherNames(project, block, name => chosen.has(name), unmet),
  });
}

interface Choice {
  readonly chosen: ReadonlyMap<string, Offer>;
  /** Globals reached by what came along, given by nobody. */
  readonly unmet: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

export function choose(parents: Parents, reads: ReadSet): Choice {
  const { project, block } = parents;
  const many = reads.names.length > 8 ? new Set(reads.names) : undefined;
  const isRead = (name: string) => (many === undefined ? reads.names.includes(name) : many.has(name));
  // A value that can not be stored matters only where the code names it.
  const isWanted = (name: string, kind: Source['kind']) =>
    isRead(name) || (reads.everything && kind !== 'opaque' && name !== EXIT_CODE);
  const offers = offersBy(parents, isWanted);
  const chosen = new Map<string, Offer>();
  const problems = new Map<string, Problem>();
  const settle = (name: string, candidates: readonly Offer[]): void => {
    const best = pick(project, candidates);
    chosen.delete(name);
    problems.delete(name);
    if ('length' in best) problems.set(name, conflictProblem(project, block, best));
    else {
      const obstacle =
        best.source.kind === 'opaque'
          ? whyNotReplayed(project, best.parent, parents.traceOf(best.parent))
          : undefined;
      if (obstacle === undefined) chosen.set(name, best);
      else problems.set(name, opaqueProblem(project, block, best, obstacle));
    }
  };
  for (const [name, candidates] of offers) settle(name, candidates);

  const unmet = new Set<string>();
  const open = [...chosen.keys()].sort(byCodeUnit);
  const followed = new Set<Offer>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const offer = chosen.get(name);
    if (offer === undefined || followed.has(offer)) continue;
    followed.add(offer);
    for (const reached of reachesOf(offer)) {
      const known = offers.get(reached) ?? offersBy(parents, other => other === reached).get(reached) ?? [];
      const behind = offer.source.kind === 'opaque' ? offerAlive : offerBehind;
      const own = behind(parents, offer.parent, reached);
      // Equal ones of several parents all stay, so that the choice does not depend on who was followed first.
      const isKnown =
        own === undefined || known.some(other => other.parent === own.parent && isSame(other, own));
      const candidates = isKnown ? known : [...known, own];
      if (candidates.length === 0) unmet.add(reached);
      else if (candidates !== offers.get(reached)) {
        offers.set(reached, candidates);
        settle(reached, candidates);
        open.push(reached);
      }
    }
  }
  takeAliveWhatIsShared(offers, chosen);
  return { chosen, unmet, problems: [...problems.values()] };
}

function reachesOf({ source }: Offer): readonly string[] {
  if (source.kind === 'stored') return source.component.reaches;
  return source.kind === 'opaque' ? (source.withheld?.reaches ?? NO_NAMES) : NO_NAMES;
}

/**
 * A stored variable whose objects a live one holds too is handed on alive with it: two copies would drift apart where
 * the parent's session has one object. Readers of the stored one alone get it from the store.
 */
function takeAliveWhatIsShared(
  offers: ReadonlyMap<string, readonly Offer[]>,
  chosen: Map<string, Offer>,
): void {
  for (const { parent, source } of [...chosen.values()]) {
    const shares = source.kind === 'opaque' ? (source.withheld?.shares ?? NO_NAMES) : NO_NAMES;
    if (shares.length === 0) continue;
    for (const [name, best] of chosen) {
      if (best.source.kind !== 'stored') continue;
      const own = offers.get(name)?.find(other => other.parent === parent && isSame(other, best)) ?? best;
      if (own.parent === parent && own.source.kind === 'stored' && shares.includes(own.source.stored))
        chosen.set(name, { parent, name, source: { kind: 'opaque', stored: own.source.stored } });
    }
  }
}

function bindLive({ graph }: Project, chosen: ReadonlyMap<string, Offer>): readonly LiveInputs[] {
  const byParent = new Map<number, Map<string, string[]>>();
  for (const [name, { parent, source }] of chosen) {
    if (source.kind !== 'opaque') continue;
    let bind = byParent.get(parent);
    if (bind === undefined) byParent.set(parent, (bind = new Map()));
    const names = bind.get(source.stored);
    if (names === undefined) bind.set(source.stored, [name]);
    else names.push(name);
  }
  for (const bind of byParent.values()) for (const names of bind.values()) names.sort(byCodeUnit);
  return [...byParent]
    .map(([from, bind]) => ({ from, bind }))
    .sort((a, b) => graph.rank[a.from]! - graph.rank[b.from]!);
}

/** One restored component for each that is read of each parent, so that what shared memory there shares it here. */
export function bindComponents(
  { graph }: Project,
  chosen: ReadonlyMap<string, Offer>,
): readonly BoundComponent[] {
  const bound: {
    readonly from: BlockId;
    readonly component: Component;
    readonly bind: Map<string, string[]>;
  }[] = [];
  for (const [name, { parent, source }] of chosen) {
    if (source.kind !== 'stored') continue;
    const from = graph.ids[parent]!;
    let entry = bound.find(each => each.component === source.component && each.from === from);
    if (entry === undefined) bound.push((entry = { from, component: source.component, bind: new Map() }));
    const names = entry.bind.get(source.stored);
    if (names === undefined) entry.bind.set(source.stored, [name]);
    else names.push(name);
  }
  for (const { bind } of bound) {
    for (const names of bind.values()) if (names.length > 1) names.sort(byCodeUnit);
  }
  // The order of restoring must follow from what is in the key, not from how a trace lists its exports.
  return bound.length > 1 ? bound.sort((a, b) => byCodeUnit(firstName(a), firstName(b))) : bound;
}

/** No two components bind one name, so this tells them apart. */
function firstName({ bind }: BoundComponent): string {
  let first: string | undefined;
  for (const names of bind.values()) {
    for (const name of names) if (first === undefined || name < first) first = name;
  }
  return first ?? '';
}

function ingredientsFrom({ component, bind }: BoundComponent): InputIngredient[] {
  const { names, sharing } = sharingOf(bind);
  return names.map(name => ({ name, component: component.digest, sharing }));
}

function sharingOf(bind: ReadonlyMap<string, readonly string[]>): {
  readonly names: readonly string[];
  readonly sharing: readonly string[];
} {
  // `mine=theirs` where an edge renames: members of one component can be different objects under one digest.
  const sharing: string[] = [];
  const names: string[] = [];
  for (const [stored, bound] of bind) {
    for (const name of bound) {
      names.push(name);
      sharing.push(name === stored ? name : `${name}=${stored}`);
    }
  }
  if (sharing.length > 1) sharing.sort(byCodeUnit);
  return { names, sharing };
}
