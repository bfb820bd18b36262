/** One block of which two are made: what each part makes, who reads which of them, and what holds for both. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockDeclaration, DagFile, Filter, Json, ParentEdge } from '../../protocol/dagFile.js';
import { edgeValue, type BlockKey, type DagEdit } from '../../protocol/dagFileCodec/index.js';
import { blockId, byCodeUnit, type BlockId } from '../../protocol/ids.js';
import { filterTest, globTest } from '../filters.js';
import { blockReads, type BlockReads } from '../reads.js';
import { ambientUse } from '../split/ambient.js';
import type { FactsOf } from './sharedNames.js';

/** In the order in which they run. */
export interface Part {
  readonly id: string;
  readonly facts: readonly CellFacts[];
}

export const modulesIn = (dag: DagFile, factsOf: FactsOf): ReadonlySet<string> =>
  new Set(dag.blocks.flatMap(({ id }) => factsOf(id).flatMap(({ importedNames }) => importedNames)));

/** Blocks that read of one, the other part left out. */
export const childrenOf = (dag: DagFile, block: string, except?: string): readonly BlockDeclaration[] =>
  dag.blocks.filter(child => child.id !== except && child.parents.some(edge => edge.block === block));

/**
 * Children of a block are linked to the part that makes what they read, to both where both do: of two parents with the
 * same name the one that builds on the other wins.
 * @param block what they are linked to so far: one of the parts
 */
export function linkedChildren(
  dag: DagFile,
  block: BlockId,
  [first, second]: readonly [Part, Part],
  factsOf: FactsOf,
): readonly DagEdit[] {
  const edits: DagEdit[] = [];
  const modules = modulesIn(dag, factsOf);
  const facts = dag.blocks.flatMap(({ id }) => factsOf(id));
  const [head, tail] = [blockReads(first.facts), blockReads(second.facts)];
  const made = namesMade(first.facts, head, modules);
  const remade = namesMade(second.facts, tail, modules);
  const isMadeLater = (name: string): boolean =>
    remade.has(name) || (!made.has(name) && second.facts.some(({ bindsUnknown }) => bindsUnknown.length > 0));
  const isMadeBefore = (name: string): boolean => made.has(name) && !tail.binds.includes(name);
  const tailTouches = touchesAmbient(second.facts, facts);
  const isFirstNew = block === second.id;
  const headTouches = isFirstNew && touchesAmbient(first.facts, facts);
  for (const child of childrenOf(dag, block, block === first.id ? second.id : first.id)) {
    const reads = readsOf(child, block, factsOf);
    const everything = blockReads(factsOf(child.id)).everything;
    const fromTail = everything || tailTouches || [...reads].some(isMadeLater);
    const fromHead = everything || headTouches || [...reads].some(isMadeBefore);
    // What neither makes for sure stays where it is.
    if (isFirstNew ? !fromHead : !fromTail) continue;
    const links = child.parents.flatMap((edge): readonly ParentEdge[] => {
      if (edge.block !== block) return [edge];
      const early: ParentEdge = { ...edge, block: blockId(first.id) };
      const later: ParentEdge = { ...edge, block: blockId(second.id) };
      if (edge.use === undefined) return [...(fromHead ? [early] : []), ...(fromTail ? [later] : [])];
      const picks = [...edge.use].filter(([theirs]) => isMadeBefore(theirs));
      const rest = [...edge.use].filter(([theirs]) => isMadeLater(theirs) || !isMadeBefore(theirs));
      return [
        ...(picks.length > 0 ? [{ ...early, use: new Map(picks) }] : []),
        ...(rest.length > 0 || tailTouches ? [{ ...later, use: new Map(rest) }] : []),
      ];
    });
    edits.push({ kind: 'set', block: child.id, key: 'parents', value: withoutDoubles(links).map(edgeValue) });
  }
  const added = blockId(isFirstNew ? first.id : second.id);
  for (const child of dag.blocks) {
    if (child.id !== added && child.after.includes(block) && !child.after.includes(added))
      edits.push({ kind: 'set', block: child.id, key: 'after', value: [...child.after, added] });
  }
  return edits;
}

/** A child may have been linked to the new part already. */
const withoutDoubles = (links: readonly ParentEdge[]): readonly ParentEdge[] =>
  links.filter(
    (link, at) =>
      link.use !== undefined ||
      !links.slice(0, at).some(other => other.block === link.block && other.use === undefined),
  );

/** What the block says about when and how it runs holds for both parts. */
export function samePolicies(block: BlockDeclaration, id: string, isLinked: boolean): readonly DagEdit[] {
  const values: readonly (readonly [BlockKey, Json | undefined])[] = [
    ['after', isLinked ? undefined : [block.id]],
    ['env', block.env.length === 0 ? undefined : block.env],
    ['run', block.run === 'auto' ? undefined : block.run],
    ['ttl', block.ttl],
    ['timeout', block.timeout],
    ['retries', block.retries === 0 ? undefined : block.retries],
  ];
  return values.flatMap(([key, value]) =>
    value === undefined ? [] : [{ kind: 'set', block: blockId(id), key, value }],
  );
}

/** Whether cells draw random numbers or set options, themselves or in a function that they mention. */
export function touchesAmbient(cells: readonly CellFacts[], all: readonly CellFacts[]): boolean {
  const origins = new Map(all.flatMap(({ importedFrom }) => Object.entries(importedFrom)));
  const mentioned = new Set(cells.flatMap(({ loads }) => loads));
  const functions = all.flatMap(facts => facts.functions).filter(({ name }) => mentioned.has(name));
  return [...cells, ...functions].some(({ chains }) =>
    chains.some(chain => {
      const use = ambientUse(chain, name => origins.get(name));
      return use !== null && use.kind !== 'session';
    }),
  );
}

/** Names that cells bind or change. @param modules names of modules, whose settings are no values of a block */
export const namesMade = (
  cells: readonly CellFacts[],
  { mayBind }: BlockReads,
  modules: ReadonlySet<string>,
): ReadonlySet<string> =>
  new Set([...mayBind, ...cells.flatMap(({ mayMutate }) => mayMutate.filter(name => !modules.has(name)))]);

/** Whether a parent may hand on something that is read. */
export function carries(
  { block, use }: ParentEdge,
  { reads, everything }: BlockReads,
  modules: ReadonlySet<string>,
  factsOf: FactsOf,
): boolean {
  if (everything) return true;
  if (use !== undefined) return [...use.values()].some(mine => reads.includes(mine));
  const facts = factsOf(block);
  const made = namesMade(facts, blockReads(facts), modules);
  return reads.some(name => made.has(name)) || facts.some(({ bindsUnknown }) => bindsUnknown.length > 0);
}

/** What a child reads of a parent, under the parent's names. */
export function readsOf(child: BlockDeclaration, parent: BlockId, factsOf: FactsOf): ReadonlySet<string> {
  const { reads } = blockReads(factsOf(child.id));
  const names = new Set<string>();
  for (const { block, use } of child.parents) {
    if (block !== parent) continue;
    if (use === undefined) for (const name of reads) names.add(name);
    else for (const [theirs, mine] of use) if (reads.includes(mine)) names.add(theirs);
  }
  return names;
}

/** The patterns that mean something for a part, and the names that others read of it. */
export function filterFor(filter: Filter, made: ReadonlySet<string>, wanted: ReadonlySet<string>): Filter {
  if (filter.kind !== 'names') return filter;
  const names = [...made];
  const matches = filterTest(filter);
  const patterns = [
    ...filter.patterns.filter(pattern => names.some(globTest([pattern]))),
    ...names.filter(name => wanted.has(name) && !matches(name)).sort(byCodeUnit),
  ];
  return patterns.length === 0 && filter.patterns.length > 0 ? { kind: 'auto' } : { kind: 'names', patterns };
}
