/** A snapshot with its graph and what follows from it alone, worked out when first asked for. */
import type { CellFacts } from '../protocol/cellFacts.js';
import type { BlockDeclaration } from '../protocol/dagFile.js';
import { byCodeUnit, type Digest } from '../protocol/ids.js';
import { success, type Result } from '../protocol/problem.js';
import { filterTest, type NameTest } from './filters.js';
import { buildGraph, type Graph } from './graph.js';
import type { ProjectSnapshot } from './ports.js';
import { blockReads } from './reads.js';

/** Names that a block takes from outside itself. */
export interface ReadSet {
  /** Sorted by code unit, each once. */
  readonly names: readonly string[];
  /** Its code can reach any name, so every export of its parents counts. */
  readonly everything: boolean;
}

/** Blocks are indices in notebook order throughout. */
export interface Project {
  readonly snapshot: ProjectSnapshot;
  readonly graph: Graph;
  /** Whether any filter is off, which is rare and costs walks up the graph. */
  readonly hasOff: boolean;
  /** Whether any block left ambient state when it last ran. */
  readonly hasAmbient: boolean;
  /** Blocks that are declared to be frozen, in notebook order. */
  readonly frozen: readonly number[];
  /** Marks of blocks whose filter is `auto`: nearly all. */
  readonly handsOnAll: Uint8Array;
  /** Digests of the non-empty code cells. */
  cells(block: number): readonly Digest[];
  /** Those of the prelude; none for the prelude itself. */
  preludeCells(block: number): readonly Digest[];
  /** What the block's own code and the functions of the prelude read. */
  reads(block: number): ReadSet;
  /** What the prelude reads and may bind; empty for the prelude itself. */
  preludeReads(block: number): readonly string[];
  preludeBinds(block: number): readonly string[];
  /** Names that children read of it, as it calls them; `null`: any. */
  wanted(block: number): readonly string[] | null;
  /** Whether its filter asks for a name. */
  accepts(block: number): NameTest;
}

export function openProject(snapshot: ProjectSnapshot): Result<Project> {
  const graph = buildGraph(snapshot.dag);
  return graph.ok ? success(projectOf(snapshot, graph.value)) : graph;
}

function projectOf(snapshot: ProjectSnapshot, graph: Graph): Project {
  const prelude = snapshot.dag.prelude === undefined ? -1 : (graph.indexOf.get(snapshot.dag.prelude) ?? -1);
  const preludeFacts = prelude < 0 ? [] : snapshot.blocks[prelude]!.cells;
  const preludeDigests = digestsOf(preludeFacts);
  // What the prelude's own code makes of arbitrary names is over before a block's inputs are there: only names count.
  const preludeNames = readSetOf(preludeFacts).names;
  const preludeBound = namesOf(preludeFacts, facts => facts.mayBind);
  const readSets = new Map<number, ReadSet>();
  const isPlain = new Uint8Array(graph.size);
  const tests = new Map<number, NameTest>();
  const cellsOf = (block: number) => snapshot.blocks[block]!.cells;

  /** The cell of a block that reads what its one cell loads and nothing else; `undefined`: it is no such block. */
  function plainCell(block: number): CellFacts | undefined {
    if (isPlain[block] === NOT_PLAIN) return undefined;
    const cells = cellsOf(block);
    if (isPlain[block] === UNKNOWN)
      isPlain[block] = isPlainCode(cells) && project.preludeReads(block).length === 0 ? PLAIN : NOT_PLAIN;
    return isPlain[block] === PLAIN ? cells[0] : undefined;
  }

  function readSetOfBlock(block: number): ReadSet {
    const cell = plainCell(block);
    if (cell !== undefined) return { names: cell.loads, everything: cell.dynamic.length > 0 };
    const known = readSets.get(block);
    if (known !== undefined) return known;
    const own = readSetOf(cellsOf(block));
    const names = project.preludeReads(block);
    const found = names.length === 0 ? own : { ...own, names: merged(own.names, names) };
    readSets.set(block, found);
    return found;
  }

  const project: Project = {
    snapshot,
    graph,
    ...peculiarities(snapshot),
    cells: block => digestsOf(cellsOf(block)),
    preludeCells: block => (block === prelude ? [] : preludeDigests),
    preludeReads: block => (block === prelude ? [] : preludeNames),
    preludeBinds: block => (block === prelude ? [] : preludeBound),
    reads: readSetOfBlock,
    wanted: block => wantedOf(project, block),
    accepts(block) {
      const filter = snapshot.blocks[block]!.declaration.filter;
      // Only lists of names are worth remembering: nearly every filter is `auto`.
      if (filter.kind !== 'names') return filterTest(filter);
      const test = tests.get(block) ?? filterTest(filter);
      tests.set(block, test);
      return test;
    },
  };
  return project;
}

/** What few blocks have, found in one pass, so that nobody looks for it where no block has it. */
function peculiarities({ blocks }: ProjectSnapshot) {
  const handsOnAll = new Uint8Array(blocks.length).fill(1);
  let hasOff = false;
  let hasAmbient = false;
  const frozen: number[] = [];
  blocks.forEach(({ declaration, memory }, block) => {
    const { kind } = declaration.filter;
    if (kind === 'off') hasOff = true;
    if (kind !== 'auto') handsOnAll[block] = 0;
    if (declaration.run === 'never') frozen.push(block);
    if (memory.last !== null && memory.last.ambient.length > 0) hasAmbient = true;
  });
  return { hasOff, hasAmbient, frozen, handsOnAll };
}

const [UNKNOWN, PLAIN, NOT_PLAIN] = [0, 1, 2];

/** Most blocks of a large project are one plain cell, and what it loads is what it reads: nothing has to be kept of it. */
function isPlainCode(cells: readonly CellFacts[]): boolean {
  if (cells.length !== 1) return false;
  const { empty, stringNames, loads } = cells[0]!;
  return !empty && stringNames.length === 0 && isSorted(loads);
}

function readSetOf(cells: readonly CellFacts[]): ReadSet {
  const { reads, everything } = blockReads(cells);
  return { names: reads, everything };
}

function isSorted(names: readonly string[]): boolean {
  for (let place = 1; place < names.length; place += 1) if (names[place - 1]! >= names[place]!) return false;
  return true;
}

function wantedOf(project: Project, block: number): readonly string[] | null {
  const { graph, snapshot } = project;
  const first = graph.childStart[block]!;
  const end = graph.childStart[block + 1]!;
  if (first === end) return NO_NAMES;
  const wanted = new Set<string>();
  for (let slot = first; slot < end; slot += 1) {
    const child = graph.children[slot]!;
    const { names, everything } = project.reads(child);
    const firstEdge = graph.edgeStart[child]!;
    for (let edge = firstEdge; edge < graph.edgeStart[child + 1]!; edge += 1) {
      if (graph.edgeParent[edge] !== block) continue;
      const { use } = snapshot.blocks[child]!.declaration.parents[edge - firstEdge]!;
      if (use === undefined && everything) return null;
      if (use === undefined) for (const name of names) wanted.add(name);
      else for (const [theirs, mine] of use) if (everything || names.includes(mine)) wanted.add(theirs);
    }
  }
  const list = [...wanted];
  // By code unit, as `sort` compares texts by itself, and faster than by a function.
  return list.length > 1 ? list.sort() : list;
}

const NO_NAMES: readonly string[] = [];

/** Working folder relative to the project. */
export function cwdOf(declaration: BlockDeclaration): string {
  if (declaration.cwd !== undefined) return declaration.cwd;
  const slash = declaration.notebook.lastIndexOf('/');
  return slash < 0 ? '.' : declaration.notebook.slice(0, slash);
}

export function namesOf(
  cells: readonly CellFacts[],
  names: (facts: CellFacts) => readonly string[],
): readonly string[] {
  return cells.length === 1 ? names(cells[0]!) : [...new Set(cells.flatMap(names))];
}

function digestsOf(cells: readonly CellFacts[]): readonly Digest[] {
  const digests: Digest[] = [];
  for (const facts of cells) if (!facts.empty) digests.push(facts.digest);
  return digests;
}

const merged = (a: readonly string[], b: readonly string[]): readonly string[] =>
  [...new Set([...a, ...b])].sort(byCodeUnit);
