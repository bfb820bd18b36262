/** One block made two: the later cells become a block of their own that builds on the first. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockDeclaration, DagFile, Filter, Json, ParentEdge } from '../../protocol/dagFile.js';
import { edgeValue, type BlockKey, type DagEdit, type NewBlock } from '../../protocol/dagFileCodec/index.js';
import { blockId, byCodeUnit, type BlockId } from '../../protocol/ids.js';
import { filterTest, globTest } from '../filters.js';
import { blockReads, type BlockReads } from '../reads.js';
import { ambientUse } from '../split/ambient.js';

export interface SplitRequest {
  readonly dag: DagFile;
  readonly block: BlockDeclaration;
  /** The new block. */
  readonly id: string;
  readonly notebook: string;
  /** Facts of code cells that stay and of those that go. */
  readonly first: readonly CellFacts[];
  readonly second: readonly CellFacts[];
  /** Of every block of the project. */
  readonly factsOf: (id: BlockId) => readonly CellFacts[];
}

/**
 * Children are linked to the part that makes what they read, to both where both do: of two parents with the same name
 * the one that builds on the other wins. Edges that would carry nothing, neither variables nor random generators and
 * options, are left out; the parts then only keep their order, since the second may read files of the first.
 */
export function splitBlock(request: SplitRequest): readonly DagEdit[] {
  const { dag, block, id, notebook, second } = request;
  const head = blockReads(request.first);
  const tail = blockReads(second);
  const modules = new Set(
    dag.blocks.flatMap(({ id: each }) => request.factsOf(each).flatMap(({ importedNames }) => importedNames)),
  );
  const made = namesMade(request.first, head, modules);
  const remade = namesMade(second, tail, modules);
  const facts = dag.blocks.flatMap(({ id: each }) => request.factsOf(each));
  const needsHead =
    tail.everything || tail.reads.some(name => made.has(name)) || touchesAmbient(request.first, facts);
  const parents: readonly ParentEdge[] = [
    ...block.parents.filter(edge => carries(edge, tail, modules, request.factsOf)),
    ...(needsHead ? [{ block: block.id }] : []),
  ];
  const children = dag.blocks.filter(child => child.parents.some(edge => edge.block === block.id));
  const readBelow = new Set(children.flatMap(child => [...readsOf(child, block.id, request.factsOf)]));
  const edits: DagEdit[] = [
    {
      kind: 'addBlock',
      block: newBlock(block, id, notebook, parents, filterFor(block.filter, remade, new Set())),
      after: block.id,
    },
    {
      kind: 'setFilter',
      block: block.id,
      filter: filterFor(block.filter, made, new Set([...tail.reads, ...readBelow])),
    },
  ];
  edits.push(...samePolicies(block, id, needsHead));
  // Which part writes declared files nobody can tell; the later one sees what both wrote.
  if (block.outputs.length > 0) edits.push({ kind: 'set', block: block.id, key: 'outputs', value: null });
  const isMadeLater = (name: string): boolean =>
    remade.has(name) || (!made.has(name) && second.some(({ bindsUnknown }) => bindsUnknown.length > 0));
  const isMadeBefore = (name: string): boolean => made.has(name) && !tail.binds.includes(name);
  const tailTouches = touchesAmbient(second, facts);
  for (const child of children) {
    const reads = readsOf(child, block.id, request.factsOf);
    const everything = blockReads(request.factsOf(child.id)).everything;
    const fromTail = everything || tailTouches || [...reads].some(isMadeLater);
    if (!fromTail) continue;
    const fromHead = everything || [...reads].some(isMadeBefore);
    const links = child.parents.flatMap((edge): readonly ParentEdge[] => {
      if (edge.block !== block.id) return [edge];
      const later: ParentEdge = { ...edge, block: blockId(id) };
      if (edge.use === undefined) return fromHead ? [edge, later] : [later];
      const head = [...edge.use].filter(([theirs]) => isMadeBefore(theirs));
      const rest = [...edge.use].filter(([theirs]) => isMadeLater(theirs) || !isMadeBefore(theirs));
      return [
        ...(head.length > 0 ? [{ ...edge, use: new Map(head) }] : []),
        ...(rest.length > 0 || tailTouches ? [{ ...later, use: new Map(rest) }] : []),
      ];
    });
    edits.push({ kind: 'set', block: child.id, key: 'parents', value: links.map(edgeValue) });
  }
  for (const child of dag.blocks) {
    if (child.after.includes(block.id))
      edits.push({ kind: 'set', block: child.id, key: 'after', value: [...child.after, id] });
  }
  return edits;
}

/** What the block says about when and how it runs holds for both parts. */
function samePolicies(block: BlockDeclaration, id: string, isLinked: boolean): readonly DagEdit[] {
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
function touchesAmbient(cells: readonly CellFacts[], all: readonly CellFacts[]): boolean {
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
const namesMade = (
  cells: readonly CellFacts[],
  { mayBind }: BlockReads,
  modules: ReadonlySet<string>,
): ReadonlySet<string> =>
  new Set([...mayBind, ...cells.flatMap(({ mayMutate }) => mayMutate.filter(name => !modules.has(name)))]);

/** Whether a parent may hand on something that is read. */
function carries(
  { block, use }: ParentEdge,
  { reads, everything }: BlockReads,
  modules: ReadonlySet<string>,
  factsOf: SplitRequest['factsOf'],
): boolean {
  if (everything) return true;
  if (use !== undefined) return [...use.values()].some(mine => reads.includes(mine));
  const facts = factsOf(block);
  const made = namesMade(facts, blockReads(facts), modules);
  return reads.some(name => made.has(name)) || facts.some(({ bindsUnknown }) => bindsUnknown.length > 0);
}

/** What a child reads of a parent, under the parent's names. */
function readsOf(
  child: BlockDeclaration,
  parent: BlockId,
  factsOf: SplitRequest['factsOf'],
): ReadonlySet<string> {
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
function filterFor(filter: Filter, made: ReadonlySet<string>, wanted: ReadonlySet<string>): Filter {
  if (filter.kind !== 'names') return filter;
  const names = [...made];
  const matches = filterTest(filter);
  const patterns = [
    ...filter.patterns.filter(pattern => names.some(globTest([pattern]))),
    ...names.filter(name => wanted.has(name) && !matches(name)).sort(byCodeUnit),
  ];
  return patterns.length === 0 && filter.patterns.length > 0 ? { kind: 'auto' } : { kind: 'names', patterns };
}

function newBlock(
  { cwd, inputs, outputs, tags }: BlockDeclaration,
  id: string,
  notebook: string,
  parents: readonly ParentEdge[],
  filter: Filter,
): NewBlock {
  return {
    id,
    notebook,
    parents,
    filter,
    ...(cwd === undefined ? {} : { cwd }),
    inputs,
    outputs,
    ...(tags.size === 0 ? {} : { tags: Object.fromEntries(tags) }),
  };
}
