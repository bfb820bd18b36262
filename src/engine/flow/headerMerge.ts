/** What the header of a block says that it did not say when the flow was made, held against what is so by now. */
import { disputeLine, type Header } from '../../protocol/flow/headers.js';

/** A block in the words of its header. */
export interface BlockWords {
  readonly name: string;
  readonly parents: readonly string[];
  /** `auto`, `off`, or names and globs. */
  readonly filter: readonly string[];
}

export interface HeaderEdit {
  readonly uid: string;
  readonly name?: string;
  /** Names of parents, as the header had them and as it has them. */
  readonly parents?: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly filter?: readonly string[];
}

export interface HeaderMerge {
  /** `null`: nothing is asked for. */
  readonly edit: HeaderEdit | null;
  /** Attributes that were changed here and, to something else, in dag.json. */
  readonly disputed: readonly ('name' | 'filter')[];
}

/** Parents are a set, so both sides' changes go together; a name and a filter are one thing each. */
export function mergeHeader(uid: string, was: BlockWords, said: Header, now: BlockWords): HeaderMerge {
  const filter = said.filter ?? was.filter;
  const parents = said.parents ?? was.parents;
  const isRenamed = said.name !== was.name && said.name !== now.name;
  const isFiltered = !sameTexts(filter, was.filter) && !sameTexts(filter, now.filter);
  const isLinked = !sameSets(parents, was.parents);
  return {
    edit:
      isRenamed || isFiltered || isLinked
        ? {
            uid,
            ...(isRenamed ? { name: said.name } : {}),
            ...(isLinked ? { parents: { before: was.parents, after: [...new Set(parents)] } } : {}),
            ...(isFiltered ? { filter } : {}),
          }
        : null,
    disputed: [
      ...(isRenamed && now.name !== was.name ? ['name' as const] : []),
      ...(isFiltered && !sameTexts(now.filter, was.filter) ? ['filter' as const] : []),
    ],
  };
}

/** The header with what dag.json says otherwise below it. */
export function withDispute(said: Header, disputed: HeaderMerge['disputed'], now: BlockWords): Header {
  const lines = disputed.map(what =>
    what === 'name' ? disputeLine('Block:', [now.name]) : disputeLine('Filter:', now.filter),
  );
  return { ...said, rest: [...lines, ...said.rest] };
}

export const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at]);

const sameSets = (a: readonly string[], b: readonly string[]): boolean =>
  a.every(text => b.includes(text)) && b.every(text => a.includes(text));
