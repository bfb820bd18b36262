/** From files to a snapshot: reads notebooks, finds out what their code reads, remembers it. */
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import type { CellFacts } from '../protocol/cellFacts.js';
import type { BlockId, Digest, Uid } from '../protocol/ids.js';
import type { DagFile, Json } from '../protocol/dagFile.js';
import { assignUids } from '../engine/identity.js';
import type { BlockSnapshot, ProjectSnapshot } from '../engine/ports.js';
import type { Breathe } from './breathe.js';
import { factsOf } from './cellFacts.js';
import { encodeDisplay } from './display.js';
import type { BlockNotebook } from '../engine/notebookPorts.js';
import type { ProjectPorts } from './ports.js';

/** A block as loaded: the engine's snapshot of it beside what only running and writing back need. */
export interface LoadedBlock {
  readonly snapshot: BlockSnapshot;
  readonly notebook: BlockNotebook;
  /** Indexes of its non-empty code cells among all cells. */
  readonly codeCells: readonly number[];
}

export interface LoadedProject {
  readonly snapshot: ProjectSnapshot;
  readonly blocks: ReadonlyMap<BlockId, LoadedBlock>;
  readonly warnings: readonly Problem[];
}

export interface LoadOptions {
  readonly dag: DagFile;
  readonly environment: Digest;
  readonly parameters: ReadonlyMap<string, Json>;
  /** Called often, where others may go on. */
  readonly breathe?: Breathe;
  /** A run is what it is loaded for. */
  readonly isToRun?: boolean;
}

/** Reads every notebook of the project; all that is wrong comes back at once. */
export async function loadProject(ports: ProjectPorts, options: LoadOptions): Promise<Result<LoadedProject>> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const notebooks = new Map<BlockId, BlockNotebook>();
  const { breathe } = options;
  for (const block of options.dag.blocks) {
    const pause = breathe?.();
    if (pause !== undefined) await pause;
    const read = ports.notebooks.read(block.notebook);
    if (!read.ok) problems.push(...read.problems);
    else {
      notebooks.set(block.id, read.value);
      warnings.push(...read.value.warnings);
    }
  }
  if (problems.length > 0) return failure(...problems);
  const uids = assignUids(
    options.dag.blocks.map(({ id }) => ({ id, uid: notebooks.get(id)?.uid })),
    ports.hasher.digest,
    uid => ports.memory.read(uid).last?.block,
  );
  const codes = await codesOf(ports, options, [...notebooks.values()]);
  const blocks = new Map<BlockId, LoadedBlock>();
  for (const declaration of options.dag.blocks) {
    const pause = breathe?.();
    if (pause !== undefined) await pause;
    const notebook = notebooks.get(declaration.id);
    const uid = uids.get(declaration.id);
    const code = notebook === undefined ? undefined : codes.get(notebook);
    if (notebook === undefined || uid === undefined || code === undefined) continue;
    const { cells, codeCells } = code;
    const memory = shownMemory(ports, uid, notebook, code);
    blocks.set(declaration.id, { snapshot: { declaration, uid, cells, memory }, notebook, codeCells });
  }
  return success({
    snapshot: {
      dag: options.dag,
      blocks: [...blocks.values()].map(block => block.snapshot),
      parameters: options.parameters,
      environment: options.environment,
    },
    blocks,
    warnings,
  });
}

/** Tag of cells whose errors do not end the run, as nbclient knows it. */
export const RAISES = 'raises-exception';

/** What follows from a notebook alone: worked out once for one that is not read again. */
interface Code {
  readonly environment: Digest;
  readonly cells: readonly CellFacts[];
  readonly codeCells: readonly number[];
  /** Digest of what it shows for these cells; `undefined`: nobody asked yet. */
  shown: Digest | undefined;
}

const known = new WeakMap<BlockNotebook, Code>();

async function codesOf(
  ports: ProjectPorts,
  { environment, breathe, isToRun }: LoadOptions,
  notebooks: readonly BlockNotebook[],
): Promise<ReadonlyMap<BlockNotebook, Code>> {
  const codes = new Map<BlockNotebook, Code>();
  for (const notebook of notebooks) {
    const code = known.get(notebook);
    if (code?.environment === environment) codes.set(notebook, code);
  }
  const fresh = new Set(notebooks.filter(notebook => !codes.has(notebook)));
  const sources = [...fresh].flatMap(({ cells }) =>
    cells.filter(cell => cell.type === 'code').map(cell => cell.source),
  );
  const facts = await factsOf(ports, environment, sources, breathe, isToRun);
  for (const notebook of fresh) {
    const pause = breathe?.();
    if (pause !== undefined) await pause;
    const own = notebook.cells.filter(cell => cell.type === 'code');
    const cells = own.map(cell => {
      const found = facts(cell.source);
      // Whether the run goes on after an error of the cell decides what comes after it.
      return cell.tags.includes(RAISES)
        ? { ...found, digest: ports.hasher.digest(`raises ${found.digest}`) }
        : found;
    });
    const codeCells = own.filter((_, place) => cells[place]?.empty === false).map(cell => cell.index);
    const code: Code = { environment, cells, codeCells, shown: undefined };
    codes.set(notebook, code);
    known.set(notebook, code);
  }
  return codes;
}

/** Memory of a block; what it shows counts only while the notebook's outputs are still those of that trace. */
function shownMemory(
  ports: ProjectPorts,
  uid: Uid,
  notebook: BlockNotebook,
  code: Code,
): BlockSnapshot['memory'] {
  const memory = ports.memory.read(uid);
  const { last, shown } = memory;
  if (last === null || shown !== last.id) return { ...memory, shown: null };
  code.shown ??= ports.hasher.digestBytes(encodeDisplay(notebook.shown(code.codeCells)));
  return { ...memory, shown: code.shown === last.display.digest ? shown : null };
}
