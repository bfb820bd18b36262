/**
 * Proposes the blocks of a notebook: which cells belong together, what runs in every session, who needs whom, and
 * what can not be kept the same. Pure; writes nothing. Its measure: the blocks print what the whole notebook printed.
 */
import { link } from './split/edges.js';
import { follow, type Inseparable, type PlacedFacts } from './split/flow.js';
import { group } from './split/grouping.js';
import { blockIds } from './split/slug.js';
import type {
  Group,
  ProposedBlock,
  SplitCell,
  SplitInput,
  SplitProposal,
  SplitRemark,
} from './split/types.js';

export type {
  ProposedBlock,
  SplitBy,
  SplitCell,
  SplitInput,
  SplitProposal,
  SplitRemark,
} from './split/types.js';

export function proposeSplit(input: SplitInput): SplitProposal {
  const refusals = refuse(input.cells);
  if (refusals.length > 0) return { blocks: [], warnings: [], refusals };
  const { groups, remarks } = group(input);
  if (groups.length === 0) return { blocks: [], warnings: [], refusals: [...remarks] };
  const separated = separateSetUp(input.cells, groups);
  const joined = joinInseparable(input.cells, separated.groups, separated.prelude);
  return propose(input, joined.groups, separated.prelude, [...remarks, ...joined.remarks]);
}

function propose(
  input: SplitInput,
  groups: readonly Group[],
  prelude: boolean,
  remarks: readonly SplitRemark[],
): SplitProposal {
  const ids = blockIds(
    groups.map((one, index) =>
      prelude && index === 0 ? (one.title ?? 'set-up') : (one.title ?? firstTitle(groups, index, input.name)),
    ),
  );
  const flow = follow(
    groups.map(one => placed(input.cells, one)),
    prelude,
  );
  const links = link(flow.blocks, ids, prelude);
  const warnings = [...remarks, ...(prelude ? [] : seedingImports(input.cells, groups)), ...flow.remarks];
  const blocks = groups.flatMap((one, index): readonly ProposedBlock[] => {
    const id = ids[index];
    const linked = links[index];
    if (id === undefined || linked === undefined) return [];
    const own = warnings.filter(remark => remark.cell !== undefined && one.cells.includes(remark.cell - 1));
    return [{ id, cellIndexes: one.cells, ...linked, remarks: own.map(remark => remark.message) }];
  });
  const first = ids[0];
  return { blocks, ...(prelude && first !== undefined ? { prelude: first } : {}), warnings, refusals: [] };
}

const firstTitle = (groups: readonly Group[], index: number, name: string): string | null =>
  index === 0 && groups.length > 1 ? 'start' : groups.length === 1 ? name : null;

const placed = (cells: readonly SplitCell[], one: Group): readonly PlacedFacts[] =>
  one.cells.flatMap(index => {
    const facts = cells[index]?.facts;
    return facts === undefined ? [] : [{ place: index + 1, facts }];
  });

function refuse(cells: readonly SplitCell[]): readonly SplitRemark[] {
  if (cells.every(cell => cell.facts === undefined || cell.facts.empty)) {
    const message = 'The notebook has no code to run.';
    return [
      { code: 'no-code', message, remedy: 'Give a notebook with at least one code cell that is not empty.' },
    ];
  }
  return cells.flatMap((cell, index) => {
    const error = cell.facts?.syntaxError;
    if (error === undefined || error === null) return [];
    const message = `The cell can not be parsed: ${error.message} (line ${String(error.line)}).`;
    return [
      {
        code: 'syntax-error',
        message,
        cell: index + 1,
        remedy: 'Correct the cell, or make it a raw or markdown cell.',
      },
    ];
  });
}

/**
 * Cells that only import and set options, before any other code, become the prelude: what they define is there in
 * every session, so no block needs an edge for it. Anything else that stands first is an ordinary block, since a
 * prelude runs again for every block.
 */
function separateSetUp(
  cells: readonly SplitCell[],
  groups: readonly Group[],
): { readonly groups: readonly Group[]; readonly prelude: boolean } {
  const first = groups[0];
  if (first === undefined) return { groups, prelude: false };
  const code = first.cells.filter(index => cells[index]?.facts?.empty === false);
  const stop = code.find(index => cells[index]?.facts?.setUp !== true);
  if (stop === code[0] || (stop === undefined && groups.length === 1)) return { groups, prelude: false };
  if (stop === undefined) return moreSetUp(cells, first, groups.slice(1));
  const before = code.filter(index => index < stop);
  const end = first.cells.indexOf(before.at(-1) ?? -1) + 1;
  const setUp: Group = { title: 'set-up', cells: first.cells.slice(0, end) };
  return {
    groups: [setUp, { title: first.title, cells: first.cells.slice(end) }, ...groups.slice(1)],
    prelude: true,
  };
}

const SEED = /(?:^|[._])seed$/;

/** What keeps imports from becoming the prelude although nobody would think so. */
function seedingImports(cells: readonly SplitCell[], groups: readonly Group[]): readonly SplitRemark[] {
  const index = groups[0]?.cells.find(cell => cells[cell]?.facts?.empty === false);
  const facts = index === undefined ? undefined : cells[index]?.facts;
  const seed = facts?.chains.find(chain => SEED.test(chain));
  if (index === undefined || groups.length < 2 || facts?.imports.length === 0 || seed === undefined)
    return [];
  return [
    {
      code: 'no-prelude',
      message: `No block runs first in every session: this cell imports, but it also calls \`${seed}\`, and every block would draw the same numbers.`,
      cell: index + 1,
      remedy:
        'To have the imports everywhere, put the seed into a cell of its own below them and split again.',
    },
  ];
}

/** Set-up spread over several groups at the start (one cell each, say) is one prelude. */
function moreSetUp(
  cells: readonly SplitCell[],
  first: Group,
  others: readonly Group[],
): { readonly groups: readonly Group[]; readonly prelude: boolean } {
  let prelude: Group = { ...first, title: 'set-up' };
  let rest = others;
  while (
    rest.length > 1 &&
    rest[0]?.cells.every(
      index =>
        cells[index]?.kind !== 'code' ||
        cells[index].facts?.empty === true ||
        cells[index].facts?.setUp === true,
    )
  ) {
    prelude = { ...prelude, cells: [...prelude.cells, ...rest[0].cells] };
    rest = rest.slice(1);
  }
  return { groups: [prelude, ...rest], prelude: true };
}

/** Joins blocks until nothing that can not be stored crosses from one to another. */
function joinInseparable(
  cells: readonly SplitCell[],
  groups: readonly Group[],
  prelude: boolean,
): { readonly groups: readonly Group[]; readonly remarks: readonly SplitRemark[] } {
  let current = groups;
  const remarks: SplitRemark[] = [];
  for (;;) {
    const { inseparable } = follow(
      current.map(one => placed(cells, one)),
      prelude,
    );
    const next = inseparable.find(one => one.from < one.to && one.from >= (prelude ? 1 : 0));
    if (next === undefined) return { groups: current, remarks };
    remarks.push(joinedRemark(next));
    const parts = current.slice(next.from, next.to + 1);
    const joined: Group = { title: parts[0]?.title ?? null, cells: parts.flatMap(one => one.cells) };
    current = [...current.slice(0, next.from), joined, ...current.slice(next.to + 1)];
  }
}

function joinedRemark(inseparable: Inseparable): SplitRemark {
  const count = inseparable.to - inseparable.from + 1;
  return {
    code: 'joined',
    message: `${String(count)} blocks were made one, because ${inseparable.why}.`,
    cell: inseparable.place,
    remedy:
      'Make the value where it is used, or turn it into one that can be stored (a list, a path), and split again.',
  };
}
