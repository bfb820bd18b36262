/** A new block, as a person put it into a notebook, that took cells of another one: who needs it now, and what it inherits. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockDeclaration, DagFile } from '../../protocol/dagFile.js';
import type { DagEdit } from '../../protocol/dagFileCodec/index.js';
import { blockReads } from '../reads.js';
import {
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

export interface TakenCells {
  /** With the new block in it. */
  readonly dag: DagFile;
  /** What had the cells. */
  readonly from: BlockDeclaration;
  /** The new block, with parents and filter that a person gave it. */
  readonly to: BlockDeclaration;
  /** It stands above the other one. */
  readonly isAbove: boolean;
  /** It has no other cells. */
  readonly isPart: boolean;
  /** Cells that stay, and those that the new block has. */
  readonly stays: readonly CellFacts[];
  readonly has: readonly CellFacts[];
  /** Of every other block. */
  readonly factsOf: FactsOf;
}

/** What the person said of the new block stays: only others are linked to it, and what held for its cells holds on. */
export function takeCells({
  dag,
  from,
  to,
  isAbove,
  isPart,
  stays,
  has,
  factsOf,
}: TakenCells): readonly DagEdit[] {
  const all: FactsOf = id => (id === from.id ? stays : id === to.id ? has : factsOf(id));
  const modules = modulesIn(dag, all);
  const rest = { id: from.id, facts: stays };
  const taken = { id: to.id, facts: has };
  const left = namesMade(stays, blockReads(stays), modules);
  const readBelow = new Set([
    ...childrenOf(dag, from.id, to.id).flatMap(child => [...readsOf(child, from.id, all)]),
    ...(isAbove ? [] : blockReads(has).reads),
  ]);
  return [
    ...(from.filter.kind === 'names'
      ? [{ kind: 'setFilter' as const, block: from.id, filter: filterFor(from.filter, left, readBelow) }]
      : []),
    ...(isAbove && needs(stays, has, dag, all) && !from.parents.some(({ block }) => block === to.id)
      ? [{ kind: 'link' as const, parent: { block: to.id }, child: from.id }]
      : []),
    ...(isPart ? inherited(from, to, isAbove) : []),
    ...linkedChildren(dag, from.id, isAbove ? [taken, rest] : [rest, taken], all),
  ];
}

/** Whether what stays builds on what stands above it now. */
function needs(
  below: readonly CellFacts[],
  above: readonly CellFacts[],
  dag: DagFile,
  factsOf: FactsOf,
): boolean {
  const made = namesMade(above, blockReads(above), modulesIn(dag, factsOf));
  const { reads, everything } = blockReads(below);
  return (
    everything ||
    reads.some(name => made.has(name)) ||
    touchesAmbient(
      above,
      dag.blocks.flatMap(({ id }) => factsOf(id)),
    )
  );
}

function inherited(from: BlockDeclaration, { id }: BlockDeclaration, isAbove: boolean): readonly DagEdit[] {
  const { inputs, outputs, tags } = from;
  return [
    ...samePolicies(from, id, true),
    ...(inputs.length > 0
      ? [{ kind: 'set' as const, block: id, key: 'inputs' as const, value: inputs }]
      : []),
    ...(tags.size > 0
      ? [{ kind: 'set' as const, block: id, key: 'tags' as const, value: Object.fromEntries(tags) }]
      : []),
    // Which part writes declared files nobody can tell; the later one sees what both wrote.
    ...(outputs.length > 0 && !isAbove
      ? [
          { kind: 'set' as const, block: id, key: 'outputs' as const, value: outputs },
          { kind: 'set' as const, block: from.id, key: 'outputs' as const, value: null },
        ]
      : []),
  ];
}
