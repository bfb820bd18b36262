/** From files to a snapshot: reads notebooks, finds out what their code reads, remembers it. */
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import type { BlockId, Digest, Uid } from '../protocol/ids.js';
import type { DagFile, Json } from '../protocol/dagFile.js';
import { assignUids } from '../engine/identity.js';
import type { BlockSnapshot, ProjectSnapshot } from '../engine/ports.js';
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
}

/** Reads every notebook of the project; all that is wrong comes back at once. */
export async function loadProject(ports: ProjectPorts, options: LoadOptions): Promise<Result<LoadedProject>> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const notebooks = new Map<BlockId, BlockNotebook>();
  for (const block of options.dag.blocks) {
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
  const code = [...notebooks.values()].flatMap(notebook =>
    notebook.cells.filter(cell => cell.type === 'code'),
  );
  const facts = await factsOf(
    ports,
    options.environment,
    code.map(cell => cell.source),
  );
  const blocks = new Map<BlockId, LoadedBlock>();
  for (const declaration of options.dag.blocks) {
    const notebook = notebooks.get(declaration.id);
    const uid = uids.get(declaration.id);
    if (notebook === undefined || uid === undefined) continue;
    const own = notebook.cells.filter(cell => cell.type === 'code');
    const cells = own.map(cell => {
      const found = facts(cell.source);
      // Whether the run goes on after an error of the cell decides what comes after it.
      return cell.tags.includes(RAISES)
        ? { ...found, digest: ports.hasher.digest(`raises ${found.digest}`) }
        : found;
    });
    const codeCells = own.filter((_, place) => cells[place]?.empty === false).map(cell => cell.index);
    const memory = shownMemory(ports, uid, notebook, codeCells);
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

/** Memory of a block; what it shows counts only while the notebook's outputs are still those of that trace. */
function shownMemory(
  ports: ProjectPorts,
  uid: Uid,
  notebook: BlockNotebook,
  codeCells: readonly number[],
): BlockSnapshot['memory'] {
  const memory = ports.memory.read(uid);
  const { last, shown } = memory;
  if (last === null || shown !== last.id) return { ...memory, shown: null };
  const digest = ports.hasher.digestBytes(encodeDisplay(notebook.shown(codeCells)));
  return { ...memory, shown: digest === last.display.digest ? shown : null };
}
