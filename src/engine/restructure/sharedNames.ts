/** Variables that two blocks have under one name each, and that one block could have only once. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { BlockDeclaration } from '../../protocol/dagFile.js';
import type { BlockId } from '../../protocol/ids.js';
import { blockReads } from '../reads.js';

export type FactsOf = (id: BlockId) => readonly CellFacts[];

export interface SharedName {
  readonly name: string;
  /** Where the second block has it from now. */
  readonly from: BlockId;
  /** Where it would have it from in one block. */
  readonly instead: BlockId;
}

/**
 * Names that the second of two blocks reads from another block than it would if its cells came after those of the first:
 * the first makes a variable of that name, or reads one from elsewhere.
 */
export function sharedNames(
  first: BlockDeclaration,
  second: BlockDeclaration,
  factsOf: FactsOf,
): readonly SharedName[] {
  const made = namesMade(factsOf(first.id));
  const reads = new Set(blockReads(factsOf(first.id)).reads);
  return blockReads(factsOf(second.id)).reads.flatMap((name): readonly SharedName[] => {
    const sources = sourcesOf(name, second, factsOf);
    const [from] = sources;
    // What it has from the first already, it has from there in one block too.
    if (from === undefined || sources.includes(first.id)) return [];
    if (made.has(name)) return [{ name, from, instead: first.id }];
    const instead = reads.has(name)
      ? sourcesOf(name, first, factsOf).find(other => !sources.includes(other))
      : undefined;
    return instead === undefined ? [] : [{ name, from, instead }];
  });
}

/** Parents that make what a block reads under a name. */
function sourcesOf(name: string, { parents }: BlockDeclaration, factsOf: FactsOf): readonly BlockId[] {
  return parents.flatMap(({ block, use }) => {
    const theirs = use === undefined ? [name] : [...use].flatMap(([from, to]) => (to === name ? [from] : []));
    const made = namesMade(factsOf(block));
    return theirs.some(each => made.has(each)) ? [block] : [];
  });
}

/** An import means the same thing in any block. */
function namesMade(cells: readonly CellFacts[]): ReadonlySet<string> {
  const { mayBind, importedNames } = blockReads(cells);
  return new Set(mayBind.filter(name => !importedNames.includes(name)));
}
