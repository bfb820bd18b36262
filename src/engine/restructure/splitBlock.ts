/** One block made two: the later cells become a block of their own that builds on the first. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockDeclaration, DagFile, Filter, ParentEdge } from '../../protocol/dagFile.js';
import { edgeValue, type DagEdit, type NewBlock } from '../../protocol/dagFileCodec/index.js';
import { byCodeUnit, type BlockId } from '../../protocol/ids.js';
import { filterTest, globTest } from '../filters.js';
import { blockReads, type BlockReads } from '../reads.js';

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
 * the one that builds on the other wins. Edges that would carry nothing are left out.
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
  const needsHead = tail.everything || tail.reads.some(name => made.has(name));
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
  // Which part writes declared files nobody can tell; the later one sees what both wrote.
  if (block.outputs.length > 0) edits.push({ kind: 'set', block: block.id, key: 'outputs', value: null });
  for (const child of children) {
    const reads = readsOf(child, block.id, request.factsOf);
    const everything = blockReads(request.factsOf(child.id)).everything;
    const fromTail = everything || [...reads].some(name => remade.has(name));
    const fromHead =
      everything || [...reads].some(name => made.has(name) && !tail.binds.includes(name)) || !fromTail;
    if (!fromTail) continue;
    const links = child.parents.flatMap((edge): readonly ParentEdge[] => {
      if (edge.block !== block.id) return [edge];
      const later: ParentEdge = { ...edge, block: id as BlockId };
      return fromHead ? [edge, later] : [later];
    });
    edits.push({ kind: 'set', block: child.id, key: 'parents', value: links.map(edgeValue) });
  }
  for (const child of dag.blocks) {
    if (child.after.includes(block.id))
      edits.push({ kind: 'set', block: child.id, key: 'after', value: [...child.after, id] });
  }
  return edits;
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
  return patterns.length === 0 ? { kind: 'auto' } : { kind: 'names', patterns };
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
