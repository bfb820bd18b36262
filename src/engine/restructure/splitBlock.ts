/** One block made two: the later cells become a block of their own that builds on the first. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockDeclaration, DagFile, Filter, ParentEdge } from '../../protocol/dagFile.js';
import type { DagEdit, NewBlock } from '../../protocol/dagFileCodec/index.js';
import { blockReads } from '../reads.js';
import {
  carries,
  childrenOf,
  filterFor,
  linkedChildren,
  modulesIn,
  namesMade,
  readsOf,
  samePolicies,
  touchesAmbient,
} from './parts.js';
import type { FactsOf } from './sharedNames.js';

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
  readonly factsOf: FactsOf;
}

/**
 * Children are linked to the part that makes what they read. Edges that would carry nothing, neither variables nor random
 * generators and options, are left out; the parts then only keep their order, since the second may read files of the first.
 */
export function splitBlock(request: SplitRequest): readonly DagEdit[] {
  const { dag, block, id, notebook, first, second, factsOf } = request;
  const head = blockReads(first);
  const tail = blockReads(second);
  const modules = modulesIn(dag, factsOf);
  const made = namesMade(first, head, modules);
  const remade = namesMade(second, tail, modules);
  const facts = dag.blocks.flatMap(({ id: each }) => factsOf(each));
  const needsHead =
    tail.everything || tail.reads.some(name => made.has(name)) || touchesAmbient(first, facts);
  const parents: readonly ParentEdge[] = [
    ...block.parents.filter(edge => carries(edge, tail, modules, factsOf)),
    ...(needsHead ? [{ block: block.id }] : []),
  ];
  const readBelow = new Set(
    childrenOf(dag, block.id).flatMap(child => [...readsOf(child, block.id, factsOf)]),
  );
  return [
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
    ...samePolicies(block, id, needsHead),
    // Which part writes declared files nobody can tell; the later one sees what both wrote.
    ...(block.outputs.length > 0
      ? [{ kind: 'set' as const, block: block.id, key: 'outputs' as const, value: null }]
      : []),
    ...linkedChildren(
      dag,
      block.id,
      [
        { id: block.id, facts: first },
        { id, facts: second },
      ],
      factsOf,
    ),
  ];
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
