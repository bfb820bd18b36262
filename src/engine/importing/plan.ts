/**
 * Plans how a project of the original dagpy becomes one of this. There a block ran in a fresh kernel in which each variable
 * `v` on the filter of a parent `P` was called `P_v`, so every edge picks the parent's filter and renames it like that.
 */
import { idProblem, variableProblem } from '../../protocol/dagFileCodec/names.js';
import type { Filter, ParentEdge } from '../../protocol/dagFile.js';
import { blockId, type BlockId } from '../../protocol/ids.js';
import type { Problem } from '../../protocol/problem.js';
import { findCycle } from '../order.js';
import { slug } from '../split/slug.js';
import { cellWarnings } from './cells.js';
import type { ImportBlock, ImportedBlock, ImportInput, ImportProposal } from './types.js';

export type { ImportBlock, ImportCell, ImportedBlock, ImportInput, ImportProposal } from './types.js';

export function planImport(input: ImportInput): ImportProposal {
  const problems = [...relationProblems(input), ...cycleProblems(input)];
  if (problems.length > 0) return { blocks: [], warnings: [], problems };
  const { blocks } = input;
  const warnings: Problem[] = [];
  const ids = chooseIds(blocks, warnings);
  const filters = new Map(blocks.map(block => [block.former.id, filterOf(block, warnings)]));
  if (input.kind === 'project') sharedNotebooks(blocks, warnings);
  const isParent = new Set(blocks.flatMap(block => block.former.parents));
  const imported = blocks.map((block): ImportedBlock => {
    const parents = edgesOf(block, ids, filters, warnings);
    warnings.push(...cellWarnings(block, aliasesOf(parents), isParent.has(block.former.id)));
    return {
      id: ids.get(block.former.id)!,
      formerId: block.former.id,
      cellIndexes: block.cells.filter(cell => cell.bookkeeping === undefined).map(cell => cell.index),
      parents,
      filter: filters.get(block.former.id)!,
      description: block.former.description,
    };
  });
  return { blocks: imported, warnings, problems: [] };
}

function relationProblems({ blocks, kind }: ImportInput): readonly Problem[] {
  const problems: Problem[] = [];
  const known = new Set<string>();
  for (const { former } of blocks) {
    if (known.has(former.id))
      problems.push({
        code: 'duplicate-block',
        message: `there are two blocks with the name ${former.id}`,
        ...former.place,
        remedy: 'give one of them another name',
      });
    known.add(former.id);
  }
  const some = [...known].slice(0, 10).join(', ');
  for (const { former } of blocks) {
    for (const parent of former.parents) {
      if (known.has(parent)) continue;
      const elsewhere =
        kind === 'flow' ? 'import the project file (.dagpy), which has every block, or take' : 'take';
      problems.push({
        code: 'unknown-parent',
        message: `the block ${former.id} has the parent ${parent}, which is not there`,
        ...former.place,
        remedy: `${elsewhere} it out of the parents of ${former.id}; there are: ${some}`,
      });
    }
  }
  return problems;
}

function cycleProblems({ blocks }: ImportInput): readonly Problem[] {
  const indexOf = new Map(blocks.map((block, index) => [block.former.id, index]));
  const rows = blocks.map(({ former }) =>
    former.parents.map(parent => indexOf.get(parent)).filter(parent => parent !== undefined),
  );
  const start = new Int32Array(rows.length + 1);
  rows.forEach((row, index) => (start[index + 1] = start[index]! + row.length));
  const parents = Int32Array.from(rows.flat());
  if (isAcyclic(rows)) return [];
  const cycle = findCycle(rows.length, start, parents);
  const first = cycle[0] === undefined ? undefined : blocks[cycle[0]]?.former;
  if (first === undefined) return [];
  const path = cycle.map(index => blocks[index]!.former.id);
  const parent = path.at(-2) ?? first.id;
  return [
    {
      code: 'cycle',
      message: `the blocks depend on each other in a circle: ${path.join(' → ')}`,
      ...first.place,
      remedy: `take one parent out, for instance ${parent} from the parents of ${first.id}`,
    },
  ];
}

/** Blocks whose parents are all done are done, until none is left or none gets done. */
function isAcyclic(rows: readonly (readonly number[])[]): boolean {
  const waiting = rows.map(row => row.length);
  const children = rows.map((): number[] => []);
  rows.forEach((row, index) => row.forEach(parent => children[parent]!.push(index)));
  const ready = [...rows.keys()].filter(index => waiting[index] === 0);
  let done = 0;
  for (let next = ready.pop(); next !== undefined; next = ready.pop(), done += 1)
    for (const child of children[next]!) if ((waiting[child]! -= 1) === 0) ready.push(child);
  return done === rows.length;
}

/** Names that are ids stay; others get one made of them. Notebooks are named after them, so case tells none apart. */
function chooseIds(blocks: readonly ImportBlock[], warnings: Problem[]): ReadonlyMap<string, BlockId> {
  const ids = new Map<string, BlockId>();
  const taken = new Set<string>();
  const take = (former: string, id: string): void => {
    ids.set(former, blockId(id));
    taken.add(id.toLowerCase());
  };
  for (const { former } of blocks)
    if (idProblem(former.id) === undefined && !taken.has(former.id.toLowerCase())) take(former.id, former.id);
  blocks.forEach(({ former }, index) => {
    if (ids.has(former.id)) return;
    const why = idProblem(former.id);
    const base = slug(former.id) || `block-${String(index + 1)}`;
    let id = idProblem(base) === undefined ? base : `${base}-block`;
    for (let count = 2; taken.has(id); count += 1) id = `${base}-${String(count)}`;
    take(former.id, id);
    warnings.push({
      code: 'import-renamed',
      message: `the block ${JSON.stringify(former.id)} is called ${id} here: ${why === undefined ? 'another one differs by case alone' : `an id ${why}`}`,
      ...former.place,
      remedy: `for another name: dagpy rename ${id} NEW-ID`,
    });
  });
  return ids;
}

function filterOf({ former }: ImportBlock, warnings: Problem[]): Filter {
  if (former.filter.kind === 'off') return { kind: 'off' };
  const patterns = former.filter.names.filter(name => {
    const wrong = variableProblem(name);
    if (wrong === undefined) return true;
    warnings.push({
      code: 'import-filter',
      message: `the filter of ${former.id} has ${JSON.stringify(name)}, which ${wrong}`,
      ...former.place,
      remedy: 'it is left out, since no child could read it; give the value a name and dagpy filter it',
    });
    return false;
  });
  return { kind: 'names', patterns };
}

function edgesOf(
  { former }: ImportBlock,
  ids: ReadonlyMap<string, BlockId>,
  filters: ReadonlyMap<string, Filter>,
  warnings: Problem[],
): readonly ParentEdge[] {
  const owners = new Map<string, string>();
  const uses = former.parents.map(parent => {
    const use = new Map<string, string>();
    const filter = filters.get(parent)!;
    if (filter.kind !== 'names') return use;
    for (const name of filter.patterns) {
      const alias = aliasOf(parent, name);
      if (alias !== `${parent}_${name}`)
        warnings.push({
          code: 'import-alias',
          message: `${former.id} gets ${name} of ${JSON.stringify(parent)} as ${alias}: ${parent}_${name} is no Python name`,
          ...former.place,
          remedy: `write ${alias} in the code of ${former.id}`,
        });
      use.set(name, alias);
      owners.set(alias, parent);
    }
    return use;
  });
  return former.parents.map((parent, index) => {
    const block = ids.get(parent)!;
    const all = uses[index]!;
    // Two parents may give one name; the original loaded one after the other, so the last counted.
    const use = new Map([...all].filter(([, alias]) => owners.get(alias) === parent));
    for (const [name, alias] of all) {
      if (use.has(name)) continue;
      warnings.push({
        code: 'import-alias',
        message: `${former.id} gets ${alias} from both ${parent} (${name}) and ${owners.get(alias)!}: the last counts`,
        ...former.place,
        remedy: `pick the other one under a name of its own: dagpy link ${block} ${ids.get(former.id)!} --use ${name}=NEW_NAME`,
      });
    }
    // An edge that picked nothing would stay shut when its parent's filter is opened later; a session off its filter has
    // no names to pick from.
    return use.size === 0 ? { block } : { block, use };
  });
}

/** `P_v`; where that is no name in Python, signs that are none become `_`. */
function aliasOf(parent: string, name: string): string {
  const plain = `${parent}_${name}`;
  if (variableProblem(plain) === undefined) return plain;
  const safe = plain.replace(/[^\p{ID_Continue}]/gu, '_');
  return variableProblem(safe) === undefined ? safe : `_${safe}`;
}

const aliasesOf = (parents: readonly ParentEdge[]): ReadonlySet<string> =>
  new Set(parents.flatMap(({ use }) => [...(use?.values() ?? [])]));

function sharedNotebooks(blocks: readonly ImportBlock[], warnings: Problem[]): void {
  const first = new Map<string, string>();
  for (const { former } of blocks) {
    const other = first.get(former.file);
    if (other === undefined) first.set(former.file, former.id);
    else
      warnings.push({
        code: 'import-same-notebook',
        message: `${former.id} and ${other} have the same notebook ${former.file}`,
        ...former.place,
        remedy: 'each gets a copy of its own',
      });
  }
}
