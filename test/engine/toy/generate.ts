/** Random projects and edits, built from plain numbers so that fast-check can shrink them. */
import fc from 'fast-check';
import type { Filter } from '../../../src/protocol/dagFile.js';
import { filterTest } from '../../../src/engine/index.js';
import type { Statement, ToyCell } from './language.js';
import type { ToyBlock, ToyEdge, ToyProject } from './project.js';

type Numbers = readonly [number, number, number, number];
const numbers = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99));

const rawBlock = fc.record({
  cells: fc.array(fc.array(numbers, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
  parents: fc.array(fc.nat(99), { maxLength: 2 }),
  filter: fc.nat(99),
});
type RawBlock = typeof rawBlock extends fc.Arbitrary<infer Raw> ? Raw : never;

export const FILES = ['f.csv', 'g.csv'];

export const projects = fc.array(rawBlock, { minLength: 1, maxLength: 6 }).map((raw): ToyProject => ({
  blocks: raw.reduce<ToyBlock[]>((blocks, block) => [...blocks, buildBlock(block, blocks)], []),
  parameters: new Map<string, number>([['p', 5]]),
  files: new Map([['f.csv', '1']]),
}));

function buildBlock(raw: RawBlock, above: readonly ToyBlock[]): ToyBlock {
  const index = above.length;
  const chosen = new Set(index === 0 ? [] : raw.parents.map(parent => parent % index));
  // Mostly at least one parent, mostly without a contradiction.
  if (index > 0 && chosen.size === 0 && raw.filter % 10 !== 0) chosen.add(index - 1);
  const parents = [...chosen]
    .sort((a, b) => a - b)
    .map((parent): ToyEdge =>
      (raw.filter + parent) % 4 === 1 && above[parent]!.filter.kind !== 'off'
        ? { parent, use: picking(above[parent]!, raw.filter) }
        : { parent },
    );
  const filter = filterOf(raw.filter, index);
  let block: ToyBlock = { cells: [], parents, filter };
  for (const cell of raw.cells) {
    const statements: Statement[] = [];
    for (const each of cell)
      statements.push(
        statementOf(
          each,
          index,
          scopeOf({ ...block, cells: [...block.cells, { comment: '', statements }] }, above),
        ),
      );
    block = { ...block, cells: [...block.cells, { comment: '', statements }] };
  }
  return block;
}

const madeBy = ({ cells }: ToyBlock): string[] => [
  ...new Set(
    cells.flatMap(({ statements }) => statements.flatMap(each => ('name' in each ? [each.name] : []))),
  ),
];

/** Takes everything and calls one of the variables `r`. */
function picking(parent: ToyBlock, choice: number): ReadonlyMap<string, string> {
  const names = madeBy(parent);
  return new Map(
    names.map((name, place): [string, string] => [name, place === choice % names.length ? 'r' : name]),
  );
}

type Kind = 'value' | 'list' | 'function' | 'stream';
type Scope = ReadonlyMap<string, Kind>;

/** Names that are there once the block has run so far, as well as that can be said without running it. */
function scopeOf(block: ToyBlock, above: readonly ToyBlock[]): Scope {
  const scope = new Map<string, Kind>([['p', 'value']]);
  for (const { parent, use } of block.parents) {
    const { filter } = above[parent]!;
    const test = filterTest(filter.kind === 'off' ? { kind: 'auto' } : filter);
    const made = new Set(madeBy(above[parent]!));
    for (const [name, kind] of scopeOf(above[parent]!, above)) {
      const mine = use === undefined ? name : use.get(name);
      if (made.has(name) && test(name) && mine !== undefined) scope.set(mine, kind);
    }
  }
  for (const each of block.cells.flatMap(({ statements }) => statements)) {
    if (!('name' in each)) continue;
    const kind =
      each.op === 'list' || each.op === 'nest'
        ? 'list'
        : each.op === 'function'
          ? 'function'
          : each.op === 'iterate'
            ? 'stream'
            : each.op === 'alias'
              ? scope.get(each.of)
              : 'value';
    scope.set(each.name, kind ?? 'value');
  }
  return scope;
}

/** Block `i` makes `xi`, `yi` and the list `li`, sometimes `s`, which any block can make. */
export function statementOf([op, a, b, c]: Numbers, index: number, scope: Scope): Statement {
  const own = a % 7 === 0 ? 's' : `${'xy'[a % 2]}${index}`;
  // Now and then a name that is not there.
  const names = b === 13 ? ['x0', 'y1', 's', 'l2'] : [...scope.keys()];
  const from = (choice: number) => names[(names.length - 1 + choice * 7) % names.length]!;
  const some = (kind: Kind) => names.filter(name => scope.get(name) === kind);
  const literal = c % 3 === 0 ? String(c % 4) : c % 4;
  const lists = some('list');
  const functions = some('function');
  const streams = some('stream');
  switch (op % 26) {
    case 0:
    case 1:
      return { op: 'literal', name: own, value: literal };
    case 2:
    case 3:
    case 4:
      return { op: 'sum', name: own, of: [from(b), from(c)] };
    case 5:
      return { op: 'parity', name: own, of: from(b) };
    case 6:
      return { op: 'file', name: own, path: FILES[b % 2]! };
    case 7:
      return {
        op: 'fileIf',
        name: own,
        of: from(c),
        paths: b % 2 === 0 ? ['f.csv', 'g.csv'] : ['g.csv', 'f.csv'],
      };
    case 8:
    case 9:
      return { op: 'list', name: `l${index}`, items: [literal] };
    case 10:
      return { op: 'alias', name: own, of: lists.length > 0 ? lists[b % lists.length]! : from(c) };
    case 11:
      return lists.length > 0
        ? { op: 'append', to: lists[b % lists.length]!, value: literal }
        : { op: 'list', name: `l${index}`, items: [literal, literal] };
    case 18:
    case 19:
      return lists.length > 0
        ? { op: 'nest', name: own, of: lists[b % lists.length]! }
        : { op: 'list', name: own, items: [literal] };
    case 12:
      return { op: 'function', name: own, global: from(b) };
    case 13:
      return functions.length > 0
        ? { op: 'call', name: own, of: functions[b % functions.length]! }
        : { op: 'function', name: own, global: from(b) };
    case 14:
      return { op: 'draw', name: own };
    case 15:
      return b % 2 === 0 ? { op: 'seed', value: c } : { op: 'eval', name: own, of: from(c) };
    case 16:
      return b % 5 === 0 ? { op: 'lock', name: own } : { op: 'big', name: own, value: literal };
    case 17:
      return b % 6 === 0 ? { op: 'failIfOdd', of: from(c) } : { op: 'show', of: from(c) };
    case 20:
    case 21:
      return lists.length > 0
        ? { op: 'iterate', name: `g${index}`, of: lists[b % lists.length]! }
        : { op: 'list', name: `l${index}`, items: [literal, 1, 'a'] };
    case 22:
    case 23:
    case 24:
      return streams.length > 0
        ? { op: 'next', name: own, of: streams[b % streams.length]! }
        : { op: 'show', of: from(b) };
    default:
      return { op: 'show', of: from(b) };
  }
}

export function filterOf(choice: number, index: number): Filter {
  if (choice % 7 < 4) return { kind: 'auto' };
  if (choice % 7 === 6) return { kind: 'off' };
  const patterns = [[`x${index}`], [`y${index}`, 's'], [`l${index}`, `x${index}`], ['x*'], ['s', 'x0']][
    choice % 5
  ]!;
  return { kind: 'names', patterns };
}

export interface Edit {
  readonly kind:
    | 'statement'
    | 'swap'
    | 'comment'
    | 'reorder'
    | 'filter'
    | 'edge'
    | 'use'
    | 'touch'
    | 'remove'
    | 'parameter'
    | 'revert'
    | 'forget';
  readonly numbers: Numbers;
  readonly statement: Numbers;
}

export const edits = fc.array(
  fc.record({
    kind: fc.constantFrom<Edit['kind'][]>(
      'statement',
      'statement',
      'swap',
      'comment',
      'reorder',
      'filter',
      'edge',
      'use',
      'touch',
      'remove',
      'parameter',
      'revert',
      'revert',
      'revert',
      'forget',
    ),
    numbers,
    statement: numbers,
  }),
  { minLength: 1, maxLength: 5 },
);

const replaced = <Item>(items: readonly Item[], place: number, item: Item): Item[] =>
  items.map((old, each) => (each === place ? item : old));

/** The project after an edit; `revert` and `forget` are not about the project and leave it as it is. */
export function apply(project: ToyProject, { kind, numbers: [a, b, c], statement }: Edit): ToyProject {
  const index = a % project.blocks.length;
  const block = project.blocks[index]!;
  const withBlock = (changed: Partial<ToyBlock>): ToyProject => ({
    ...project,
    blocks: replaced(project.blocks, index, { ...block, ...changed }),
  });
  const cell = b % block.cells.length;
  const withCell = (changed: Partial<ToyCell>) =>
    withBlock({ cells: replaced(block.cells, cell, { ...block.cells[cell]!, ...changed }) });
  const { statements } = block.cells[cell]!;
  switch (kind) {
    case 'statement': {
      const place = c % Math.max(1, statements.length);
      const before = [...block.cells.slice(0, cell), { comment: '', statements: statements.slice(0, place) }];
      const made = statementOf(statement, index, scopeOf({ ...block, cells: before }, project.blocks));
      return withCell({ statements: [...statements.slice(0, place), made, ...statements.slice(place + 1)] });
    }
    case 'swap':
      // `1` and `'1'` in place: nothing but the type tells them apart.
      return withCell({
        statements: statements.map(each =>
          each.op === 'literal'
            ? { ...each, value: typeof each.value === 'number' ? String(each.value) : Number(each.value) }
            : each,
        ),
      });
    case 'comment':
      return c % 2 === 0
        ? withCell({ comment: `remark ${c}` })
        : withBlock({
            cells: [
              ...block.cells.slice(0, cell),
              { statements: [], comment: 'new cell' },
              ...block.cells.slice(cell),
            ],
          });
    case 'reorder':
      return withBlock({ cells: [...block.cells].reverse() });
    case 'filter':
      return withBlock({ filter: filterOf(c, index) });
    case 'edge': {
      if (index === 0) return project;
      const parent = c % index;
      const without = block.parents.filter(edge => edge.parent !== parent);
      return withBlock({
        parents: without.length < block.parents.length ? without : [...without, { parent }],
      });
    }
    case 'use': {
      if (block.parents.length === 0) return project;
      const place = b % block.parents.length;
      const { parent, use } = block.parents[place]!;
      const changed =
        use !== undefined && c % 3 === 0 ? { parent } : { parent, use: picking(project.blocks[parent]!, c) };
      return withBlock({ parents: replaced(block.parents, place, changed) });
    }
    case 'touch':
      return { ...project, files: new Map(project.files).set(FILES[b % 2]!, String(c % 3)) };
    case 'remove': {
      const files = new Map(project.files);
      files.delete(FILES[b % 2]!);
      return { ...project, files };
    }
    case 'parameter':
      return { ...project, parameters: new Map([['p', c % 2 === 0 ? c % 5 : String(c % 5)]]) };
    case 'revert':
    case 'forget':
      return project;
  }
}
