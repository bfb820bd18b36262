/** Two blocks made one: what becomes of edges, filters and everything else that `dag.json` says about them. */
import type { BlockDeclaration, DagFile, Filter, Json, ParentEdge } from '../../protocol/dagFile.js';
import { edgeValue, type BlockKey, type DagEdit } from '../../protocol/dagFileCodec/index.js';
import type { BlockId } from '../../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { buildGraph, unknownBlock } from '../graph.js';
import { sharedNames, type FactsOf } from './sharedNames.js';

export interface BlocksMerge {
  readonly edits: readonly DagEdit[];
  /** Whose cells come first. */
  readonly order: readonly [BlockId, BlockId];
}

/** @param into keeps its name, identity and notebook. @param other goes away */
export function mergeBlocks(
  dag: DagFile,
  into: BlockId,
  other: BlockId,
  factsOf: FactsOf,
): Result<BlocksMerge> {
  const graph = buildGraph(dag);
  if (!graph.ok) return graph;
  const find = (id: BlockId) => dag.blocks.find(block => block.id === id);
  const [kept, gone] = [find(into), find(other)];
  const refuse = (message: string, remedy: string, block = into): Result<never> =>
    failure({ code: 'merge', message, file: 'dag.json', block, remedy });
  const unknown = [into, other].filter(id => find(id) === undefined);
  if (kept === undefined || gone === undefined) {
    const ids = dag.blocks.map(({ id }) => id);
    return failure(...unknown.map(id => unknownBlock(id, ids)));
  }
  if (into === other) return refuse('a block can not be merged with itself', 'name two blocks');
  if (dag.prelude === into || dag.prelude === other)
    return refuse(
      'the prelude runs in every session and can not be merged with an ordinary block',
      'merge other blocks, or take "prelude" out of dag.json first',
    );
  const difference = differing(kept, gone);
  if (difference !== undefined)
    return refuse(
      `${into} and ${other} have different "${difference}", and one block can have one only`,
      `make "${difference}" the same in dag.json first`,
    );
  const renames = [...edgesBetween(kept, gone)].flatMap(({ use }) =>
    [...(use ?? [])].filter(([theirs, mine]) => theirs !== mine),
  );
  if (renames.length > 0)
    return refuse(
      `${other} and ${into} call ${renames.map(([theirs, mine]) => `${theirs} ${mine}`).join(', ')}: in one block a variable has one name`,
      'use one name in both, and take "use" out of the edge between them first',
    );

  const { rank, indexOf } = graph.value;
  const place = (id: BlockId): number => rank[indexOf.get(id)!]!;
  const order: readonly [BlockId, BlockId] = place(into) < place(other) ? [into, other] : [other, into];
  const [first, second] = order[0] === into ? [kept, gone] : [gone, kept];
  const [shared] = sharedNames(first, second, factsOf);
  if (shared !== undefined)
    return refuse(
      `${second.id} reads ${shared.name} of ${shared.from}, and in one block with ${first.id} it would be that of ${shared.instead}`,
      `rename ${shared.name} in one of them first`,
    );
  const parents = joinedEdges([...kept.parents, ...gone.parents], [into, other]);
  if (!parents.ok) return refuse(parents.message, 'link the parent with the same names in both first');
  const edits: DagEdit[] = [
    { kind: 'set', block: into, key: 'parents', value: parents.edges.map(edgeValue) },
  ];
  for (const child of dag.blocks) {
    if (child.id === into || child.id === other) continue;
    const relinked = relink(child, into, other);
    if (relinked === 'clash')
      return refuse(
        `${child.id} reads variables of ${into} and of ${other} under names that contradict each other`,
        `link both to ${child.id} with the same names first`,
        child.id,
      );
    edits.push(...relinked);
  }
  edits.push(...joinedSettings(kept, gone), {
    kind: 'setFilter',
    block: into,
    filter: joinedFilter(kept.filter, gone.filter),
  });
  edits.push(
    { kind: 'set', block: other, key: 'parents', value: null },
    { kind: 'removeBlock', block: other },
  );
  const after = buildGraph(withMerged(dag, into, other));
  return after.ok
    ? success({ edits, order })
    : failure(...after.problems.map(problem => lies(problem, into, other)));
}

const lies = (problem: Problem, into: BlockId, other: BlockId): Problem => ({
  ...problem,
  message: `a block lies between ${into} and ${other}, so as one block they would depend on themselves: ${problem.message}`,
  remedy: 'merge the block between them too, or unlink it',
});

/** What one block can say once only. */
function differing(a: BlockDeclaration, b: BlockDeclaration): string | undefined {
  const folder = ({ cwd, notebook }: BlockDeclaration): string => cwd ?? notebook.replace(/\/?[^/]*$/, '');
  if (folder(a) !== folder(b)) return 'cwd';
  const isFrozen = [a, b].filter(({ run }) => run === 'never').length;
  if (isFrozen === 1) return 'run';
  return undefined;
}

const edgesBetween = (a: BlockDeclaration, b: BlockDeclaration): readonly ParentEdge[] => [
  ...a.parents.filter(({ block }) => block === b.id),
  ...b.parents.filter(({ block }) => block === a.id),
];

type Joined =
  | { readonly ok: true; readonly edges: readonly ParentEdge[] }
  | { readonly ok: false; readonly message: string };

/** Edges of both, each parent once. @param without the blocks themselves */
function joinedEdges(edges: readonly ParentEdge[], without: readonly BlockId[]): Joined {
  const joined = new Map<BlockId, ParentEdge>();
  for (const edge of edges) {
    if (without.includes(edge.block)) continue;
    const before = joined.get(edge.block);
    const both = before === undefined ? edge : joinedEdge(before, edge);
    if (both === undefined)
      return { ok: false, message: `the two blocks read variables of ${edge.block} under different names` };
    joined.set(edge.block, both);
  }
  return { ok: true, edges: [...joined.values()] };
}

function joinedEdge(a: ParentEdge, b: ParentEdge): ParentEdge | undefined {
  const pairs = [...(a.use ?? []), ...(b.use ?? [])];
  const isPlain = a.use === undefined || b.use === undefined;
  // Everything under its own name holds what the other edge picks, unless that gives it another name.
  if (isPlain) return pairs.every(([theirs, mine]) => theirs === mine) ? { block: a.block } : undefined;
  const use = new Map<string, string>();
  const mine = new Map<string, string>();
  for (const [theirs, own] of pairs) {
    if ((use.get(theirs) ?? own) !== own || (mine.get(own) ?? theirs) !== theirs) return undefined;
    use.set(theirs, own);
    mine.set(own, theirs);
  }
  return { block: a.block, use };
}

/** A child's edges to both become one to the merged block. */
function relink(child: BlockDeclaration, into: BlockId, other: BlockId): readonly DagEdit[] | 'clash' {
  const edits: DagEdit[] = [];
  if (child.parents.some(({ block }) => block === other)) {
    const renamed = child.parents.map(edge => (edge.block === other ? { ...edge, block: into } : edge));
    const joined = joinedEdges(renamed, []);
    if (!joined.ok) return 'clash';
    edits.push({ kind: 'set', block: child.id, key: 'parents', value: joined.edges.map(edgeValue) });
  }
  if (child.after.includes(other)) {
    const after = [...new Set(child.after.map(id => (id === other ? into : id)))];
    edits.push({ kind: 'set', block: child.id, key: 'after', value: after });
  }
  return edits;
}

function joinedFilter(a: Filter, b: Filter): Filter {
  if (a.kind === 'off' || b.kind === 'off') return { kind: 'off' };
  if (a.kind === 'auto' || b.kind === 'auto') return { kind: 'auto' };
  return { kind: 'names', patterns: [...new Set([...a.patterns, ...b.patterns])] };
}

function joinedSettings(kept: BlockDeclaration, gone: BlockDeclaration): readonly DagEdit[] {
  const smaller = (a?: number, b?: number): number | null =>
    a === undefined ? (b ?? null) : b === undefined ? a : Math.min(a, b);
  const list = (a: readonly string[], b: readonly string[]): Json | null => {
    const all = [...new Set([...a, ...b])];
    return all.length === 0 ? null : all;
  };
  const tags = new Map([...gone.tags, ...kept.tags]);
  const after = list(kept.after, gone.after) as readonly string[] | null;
  const waits = after?.filter(id => id !== kept.id && id !== gone.id) ?? [];
  const values: Readonly<Record<Exclude<BlockKey, 'parents'>, Json | null>> = {
    after: waits.length === 0 ? null : waits,
    inputs: list(kept.inputs, gone.inputs),
    outputs: list(kept.outputs, gone.outputs),
    env: list(kept.env, gone.env),
    tags: tags.size === 0 ? null : Object.fromEntries(tags),
    run: [kept.run, gone.run].includes('always') ? 'always' : kept.run === 'auto' ? null : kept.run,
    ttl: smaller(kept.ttl, gone.ttl),
    // Both have to fit into it.
    timeout: kept.timeout === undefined || gone.timeout === undefined ? null : kept.timeout + gone.timeout,
    retries: Math.max(kept.retries, gone.retries) === 0 ? null : Math.max(kept.retries, gone.retries),
  };
  const before: Readonly<Record<string, Json | null>> = currentSettings(kept);
  return Object.entries(values).flatMap(([key, value]): readonly DagEdit[] =>
    JSON.stringify(value) === JSON.stringify(before[key] ?? null)
      ? []
      : [{ kind: 'set', block: kept.id, key: key as BlockKey, value }],
  );
}

function currentSettings(block: BlockDeclaration): Readonly<Record<string, Json | null>> {
  const list = (items: readonly string[]): Json | null => (items.length === 0 ? null : items);
  return {
    after: list(block.after),
    inputs: list(block.inputs),
    outputs: list(block.outputs),
    env: list(block.env),
    tags: block.tags.size === 0 ? null : Object.fromEntries(block.tags),
    run: block.run === 'auto' ? null : block.run,
    ttl: block.ttl ?? null,
    timeout: block.timeout ?? null,
    retries: block.retries === 0 ? null : block.retries,
  };
}

/** The project as it would be, for finding circles. */
function withMerged(dag: DagFile, into: BlockId, other: BlockId): DagFile {
  const name = (id: BlockId): BlockId => (id === other ? into : id);
  const gone = dag.blocks.find(({ id }) => id === other)!;
  const blocks = dag.blocks
    .filter(({ id }) => id !== other)
    .map(block => {
      const parents = block.id === into ? [...block.parents, ...gone.parents] : block.parents;
      const after = block.id === into ? [...block.after, ...gone.after] : block.after;
      const renamed = parents.map(edge => ({ ...edge, block: name(edge.block) }));
      return {
        ...block,
        parents: renamed.filter(edge => edge.block !== block.id),
        after: after.map(name).filter(id => id !== block.id),
      };
    });
  return { ...dag, blocks };
}
