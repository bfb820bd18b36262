/**
 * The validated graph of a project: blocks are integers in notebook order, edges lie in typed arrays
 * (compressed sparse rows), so that a million blocks are planned without an object an edge.
 */
import type { BlockDeclaration, DagFile, ParentEdge } from '../protocol/dagFile.js';
import type { BlockId } from '../protocol/ids.js';
import { nearest } from '../protocol/nearest.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { IdIndex } from './idIndex.js';
import { findCycle, topologicalOrder } from './order.js';

/** A row of block `b` is the slice from `start[b]` to `start[b + 1]` of its array. */
export interface Graph {
  readonly size: number;
  /** In notebook order. */
  readonly ids: readonly BlockId[];
  readonly indexOf: IdIndex;
  /** Edges that carry values, one for each entry of `declaration.parents` in its order, repeated ones included. */
  readonly edgeStart: Int32Array;
  readonly edgeParent: Int32Array;
  /** Marks of blocks none of whose edges picks variables: nearly all. */
  readonly takesAll: Uint8Array;
  /** Every parent once: those that hand on values first, up to `valueEnd[b]`, then those for order only. */
  readonly parentStart: Int32Array;
  readonly parents: Int32Array;
  readonly valueEnd: Int32Array;
  /** Every child once, in notebook order. */
  readonly childStart: Int32Array;
  readonly children: Int32Array;
  /** Topological, ties in notebook order. */
  readonly order: Int32Array;
  /** Place of a block in `order`. */
  readonly rank: Int32Array;
}

/** Checks blocks and edges and lays them out; the problems name every fault found, not only the first. */
export function buildGraph(dag: DagFile): Result<Graph> {
  const problems: Problem[] = [];
  const ids = dag.blocks.map(block => block.id);
  const indexOf = new IdIndex(ids, index => problems.push(duplicateBlock(ids[index]!)));
  const edges = layOutEdges(dag, indexOf, problems);
  checkPrelude(dag, indexOf, problems);
  if (problems.length > 0) return failure(...problems);

  const { childStart, children } = transpose(ids.length, edges.parentStart, edges.parents);
  const order = topologicalOrder(ids.length, edges.parentStart, edges.parents, childStart, children);
  if (order === undefined) {
    const path = findCycle(ids.length, edges.parentStart, edges.parents).map(index => ids[index]!);
    return failure(cycleProblem(path));
  }
  const rank = new Int32Array(ids.length);
  for (let place = 0; place < order.length; place += 1) rank[order[place]!] = place;
  return success({ size: ids.length, ids, indexOf, ...edges, childStart, children, order, rank });
}

/** `path` runs from parent to child and ends where it began. */
export function cycleProblem(path: readonly BlockId[]): Problem {
  return {
    code: 'cycle',
    ...(path[0] === undefined ? {} : { block: path[0] }),
    message: `the blocks depend on each other in a circle: ${path.join(' → ')}`,
    file: 'dag.json',
    remedy: `take one of these edges out, for instance: dagpy unlink ${path[0] ?? ''} ${path[1] ?? ''}`,
  };
}

/** For whoever named a block that the project does not have. */
export function unknownBlock(name: string, ids: readonly string[]): Problem {
  const meant = ids.find(id => id.toLowerCase() === name.toLowerCase()) ?? nearest(name, ids);
  const listed = ids.length > MOST_LISTED || ids.length === 0;
  return {
    code: 'unknown-block',
    message: `there is no block ${name}`,
    file: 'dag.json',
    remedy: `${meant === undefined ? '' : `did you mean ${meant}? `}${listed ? '"dagpy status" lists the blocks' : `the blocks are: ${ids.join(', ')}`}`,
  };
}

const MOST_LISTED = 20;

const duplicateBlock = (id: BlockId): Problem => ({
  code: 'duplicate-block',
  message: `there are two blocks with the name ${id}`,
  file: 'dag.json',
  remedy: 'give one of them another name',
});

function layOutEdges(dag: DagFile, indexOf: IdIndex, problems: Problem[]) {
  const size = dag.blocks.length;
  const edgeStart = new Int32Array(size + 1);
  const parentStart = new Int32Array(size + 1);
  const valueEnd = new Int32Array(size);
  const takesAll = new Uint8Array(size).fill(1);
  const edges = new IntegerList(size);
  // The same list until the two differ, as they do in few projects: by an edge for order only or a repeated one.
  let parents = edges;
  const ownParents = () => (parents === edges ? (parents = edges.copy()) : parents);
  // Parents of a block that has many are marked with its own number, so a repeated edge is seen without a set for each
  // block. Few are looked through: marks lie far apart.
  const seenBy = new Int32Array(size).fill(-1);
  const found = new FoundParents(dag.blocks, indexOf);
  for (let index = 0; index < size; index += 1) {
    const block = dag.blocks[index]!;
    edgeStart[index] = edges.length;
    parentStart[index] = parents.length;
    const declared = found.edgesOf(index);
    const first = parents.length;
    const isMany = declared.length + block.after.length > FEW_PARENTS;
    const isSeen = (parent: number) => (isMany ? seenBy[parent] === index : parents.hasFrom(first, parent));
    for (const { block: parentId, use } of declared) {
      const parent = found.next();
      if (parent < 0) {
        problems.push(unknownParent(block.id, parentId, 'parents'));
        continue;
      }
      if (use !== undefined) takesAll[index] = 0;
      if (use !== undefined && dag.blocks[parent]!.filter.kind === 'off')
        problems.push(useOfOff(block.id, parentId));
      if (isSeen(parent)) {
        ownParents();
        edges.push(parent);
        continue;
      }
      if (isMany) seenBy[parent] = index;
      edges.push(parent);
      if (parents !== edges) parents.push(parent);
    }
    valueEnd[index] = parents.length;
    for (const parentId of block.after) {
      const parent = indexOf.get(parentId);
      if (parent === undefined) problems.push(unknownParent(block.id, parentId, 'after'));
      else if (!isSeen(parent)) {
        if (isMany) seenBy[parent] = index;
        ownParents().push(parent);
      }
    }
  }
  edgeStart[size] = edges.length;
  parentStart[size] = parents.length;
  const edgeParent = edges.fitted();
  // Where no edge differs, rows begin and end at the same places too.
  return parents === edges
    ? {
        edgeStart,
        edgeParent,
        parentStart: edgeStart,
        parents: edgeParent,
        valueEnd: edgeStart.subarray(1),
        takesAll,
      }
    : { edgeStart, edgeParent, parentStart, parents: parents.fitted(), valueEnd, takesAll };
}

/** So many parents of a block are looked through one after the other. */
const FEW_PARENTS = 8;

/** Names of so many blocks' parents are looked up together. */
const TOGETHER = 1024;

/** Parents of all blocks, asked for one block and one edge after the other, and looked up for some blocks together. */
class FoundParents {
  readonly #blocks: readonly BlockDeclaration[];
  readonly #indexOf: IdIndex;
  #edges: (readonly ParentEdge[])[] = [];
  #places = new Int32Array(0);
  #next = 0;

  constructor(blocks: readonly BlockDeclaration[], indexOf: IdIndex) {
    this.#blocks = blocks;
    this.#indexOf = indexOf;
  }

  edgesOf(index: number): readonly ParentEdge[] {
    const place = index % TOGETHER;
    if (place === 0) this.#lookUpFrom(index);
    return this.#edges[place]!;
  }

  /** Place of the next parent, in the order of blocks and edges; -1: no block has its name. */
  next(): number {
    return this.#places[this.#next++]!;
  }

  #lookUpFrom(first: number): void {
    const names: BlockId[] = [];
    this.#edges = [];
    this.#next = 0;
    const end = Math.min(first + TOGETHER, this.#blocks.length);
    for (let index = first; index < end; index += 1) {
      const { parents } = this.#blocks[index]!;
      this.#edges.push(parents);
      for (const { block } of parents) names.push(block);
    }
    if (this.#places.length < names.length) this.#places = new Int32Array(2 * names.length);
    this.#indexOf.getAll(names, this.#places);
  }
}

/** Integers of which it is not known beforehand how many there are. */
class IntegerList {
  length = 0;
  #values: Int32Array;

  constructor(capacity: number) {
    this.#values = new Int32Array(Math.max(1, capacity));
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  /** Whether a value is among those from a place on. */
  hasFrom(first: number, value: number): boolean {
    for (let place = first; place < this.length; place += 1) if (this.#values[place] === value) return true;
    return false;
  }

  copy(): IntegerList {
    const other = new IntegerList(this.#values.length);
    other.#values.set(this.#values);
    other.length = this.length;
    return other;
  }

  /** Its values, without the room for more. */
  fitted(): Int32Array {
    return this.#values.slice(0, this.length);
  }
}

function transpose(size: number, start: Int32Array, targets: Int32Array) {
  const childStart = new Int32Array(size + 1);
  for (const parent of targets) childStart[parent + 1]! += 1;
  for (let index = 0; index < size; index += 1) childStart[index + 1]! += childStart[index]!;
  const next = childStart.slice(0, size);
  const children = new Int32Array(targets.length);
  for (let child = 0; child < size; child += 1) {
    for (let slot = start[child]!; slot < start[child + 1]!; slot += 1) {
      const parent = targets[slot]!;
      children[next[parent]!] = child;
      next[parent]! += 1;
    }
  }
  return { childStart, children };
}

function checkPrelude(dag: DagFile, indexOf: IdIndex, problems: Problem[]): void {
  if (dag.prelude === undefined) return;
  const index = indexOf.get(dag.prelude);
  if (index === undefined) {
    problems.push({
      code: 'unknown-prelude',
      message: `the prelude ${dag.prelude} is not among the blocks`,
      file: 'dag.json',
      remedy: 'name a block of this project, or take "prelude" out',
    });
  } else if (dag.blocks[index]!.parents.length > 0) {
    problems.push({
      code: 'prelude-has-parents',
      message: `the prelude ${dag.prelude} runs first in every session and so can not have parents`,
      file: 'dag.json',
      remedy: `take its parents out: dagpy unlink ${dag.blocks[index]!.parents[0]!.block} ${dag.prelude}`,
    });
  }
}

function unknownParent(child: BlockId, parent: BlockId, field: 'parents' | 'after'): Problem {
  return {
    code: 'unknown-parent',
    message: `block ${child} names ${parent} in "${field}", and there is no such block`,
    file: 'dag.json',
    remedy: `correct the name, or take it out: dagpy unlink ${parent} ${child}`,
  };
}

function useOfOff(child: BlockId, parent: BlockId): Problem {
  return {
    code: 'use-of-off',
    message: `block ${child} picks variables of ${parent} with "use", but the filter of ${parent} is off: it hands on its whole session`,
    file: 'dag.json',
    remedy: `take "use" out of that edge, or choose what to keep: dagpy filter ${parent} auto`,
  };
}
