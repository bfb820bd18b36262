/** What dag.json says about a block, in the words of a flow's header. */
import type { BlockWords } from '../../engine/flow/headerMerge.js';
import type { BlockDeclaration, Filter } from '../../protocol/dagFile.js';

export function wordsOf({ declaration }: { readonly declaration: BlockDeclaration }): BlockWords {
  const { id, parents, filter } = declaration;
  return {
    name: id,
    parents: [...new Set(parents.map(({ block }) => block as string))],
    filter: filterWords(filter),
  };
}

export const filterWords = (filter: Filter): readonly string[] =>
  filter.kind === 'names' ? filter.patterns : [filter.kind];

export function filterOf(words: readonly string[]): Filter {
  const [only] = words;
  if (words.length === 1 && (only === 'auto' || only === 'off')) return { kind: only };
  return { kind: 'names', patterns: words };
}
