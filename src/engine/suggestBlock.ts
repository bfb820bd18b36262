/** What a new block of some code would be among the blocks of a project: who it reads from, what it makes, how it may be called. */
import type { CellFacts } from '../protocol/cellFacts.js';
import type { ParentEdge } from '../protocol/dagFile.js';
import { blockId, byCodeUnit, type BlockId } from '../protocol/ids.js';
import { blockReads } from './reads.js';
import { BUILTINS } from './split/builtins.js';
import { link } from './split/edges.js';
import { follow, type PlacedFacts } from './split/flow.js';
import { slug } from './split/slug.js';

export interface KnownBlock {
  readonly id: BlockId;
  readonly cells: readonly CellFacts[];
}

export interface SuggestInput {
  /** Blocks above the new one in notebook order, without the prelude. */
  readonly above: readonly KnownBlock[];
  /** Cells that run in every session. */
  readonly prelude: readonly CellFacts[] | null;
  /** Code of the new block. */
  readonly cells: readonly { readonly source: string; readonly facts: CellFacts }[];
  /** Parameters of the project. */
  readonly parameters: ReadonlySet<string>;
  /** Whether a name for a block is taken. */
  isTaken(name: string): boolean;
}

export interface SuggestedBlock {
  readonly name: string;
  readonly parents: readonly { readonly edge: ParentEdge; readonly names: readonly string[] }[];
  readonly makes: readonly string[];
  readonly missing: readonly string[];
}

export function suggestBlock(input: SuggestInput): SuggestedBlock {
  const { above, prelude, cells } = input;
  const own = cells.map(({ facts }) => facts);
  const groups = [...(prelude === null ? [] : [prelude]), ...above.map(block => block.cells), own];
  const ids = [
    ...(prelude === null ? [] : [blockId('')]),
    ...above.map(({ id }) => id),
    // A name that no block can have.
    blockId('\0'),
  ];
  const { blocks } = follow(groups.map(placed), prelude !== null);
  const { parents } = link(blocks, ids, prelude !== null).at(-1)!;
  const flow = blocks.at(-1)!;
  const made = new Set(own.flatMap(({ mayBind }) => mayBind));
  const fromPrelude = new Set(prelude?.flatMap(({ mayBind }) => mayBind) ?? []);
  const known = new Set(groups.slice(0, -1).flatMap(group => group.flatMap(({ mayBind }) => mayBind)));
  return {
    name: freeName(input, own),
    parents: parents.map(edge => {
      const parent = ids.indexOf(edge.block);
      const names = [...flow.wants].flatMap(([name, owners]) =>
        owners.includes(parent) && (edge.use === undefined || edge.use.has(name)) ? [name] : [],
      );
      return { edge, names: names.sort(byCodeUnit) };
    }),
    makes: [...made].filter(name => !name.startsWith('_')).sort(byCodeUnit),
    missing: blockReads(own).reads.filter(
      name =>
        !known.has(name) &&
        !fromPrelude.has(name) &&
        !BUILTINS.has(name) &&
        !IPYTHON.has(name) &&
        !input.parameters.has(name),
    ),
  };
}

/** What IPython puts into every session. */
const IPYTHON: ReadonlySet<string> = new Set(['get_ipython', 'display', 'In', 'Out', '_', '__', '___']);

const placed = (cells: readonly CellFacts[]): readonly PlacedFacts[] =>
  cells.map((facts, index) => ({ place: index + 1, facts }));

/** From the comment or heading that it begins with, else from the first thing that it makes. */
function freeName({ cells, isTaken }: SuggestInput, own: readonly CellFacts[]): string {
  const heading = /^\s*#+[ \t]*([^\n]+)/.exec(cells.find(({ source }) => source.trim() !== '')?.source ?? '');
  const made = own.flatMap(({ binds, importedNames }) =>
    binds.filter(name => !importedNames.includes(name) && !name.startsWith('_')),
  );
  const defined = own.flatMap(({ functions }) => functions.map(({ name }) => name));
  const base = [heading?.[1], made[0], defined[0], 'block']
    .map(text => slug(text ?? ''))
    .find(text => text !== '');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? (base ?? 'block') : `${base ?? 'block'}-${String(number)}`;
    if (!isTaken(name)) return name;
  }
}
