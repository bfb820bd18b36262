/** What a block that failed is said to have done, with what to do. Few runs need it, so it is loaded when one does. */
import type { BlockId } from '../protocol/ids.js';
import type { CellOutputs, Display } from '../protocol/outputs.js';
import type { Problem } from '../protocol/problem.js';
import type { JobResult, WorkerError } from '../protocol/workerMessages.js';
import type { JobEnd } from '../engine/runPorts.js';
import type { MissingEdge } from './fileUse.js';
import type { LoadedBlock, LoadedProject } from './loadProject.js';

export const errorOf = (result: JobResult, block: BlockId): WorkerError =>
  result.error ?? { ename: 'Error', evalue: 'unknown', traceback: [], block, ordinal: -1, line: 0 };

export function timeoutProblem(block: LoadedBlock, seconds: number): Problem {
  return {
    code: 'timeout',
    message: `stopped after its timeout of ${String(seconds)} s`,
    file: block.snapshot.declaration.notebook,
    remedy: 'raise "timeout" of the block in dag.json, or make the block faster',
  };
}

export function deathProblem(block: LoadedBlock, end: Extract<JobEnd, { kind: 'died' }>): Problem {
  const killed = end.signal === 'SIGKILL';
  const how = end.signal ?? (end.code === null ? 'without a word' : `exit code ${String(end.code)}`);
  return {
    code: 'worker-died',
    message: `its process ended (${how})${killed ? ': perhaps it ran out of memory' : ''}${lastLine(end.tail)}`,
    file: block.snapshot.declaration.notebook,
    remedy: killed
      ? 'let the block use less memory, or run fewer blocks at a time with -j 1'
      : 'run the cells one by one in a notebook to see which one ends the process',
  };
}

/** What the process said last, where it said anything. */
function lastLine(tail: string): string {
  const line = tail.split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line}`;
}

/** What a syntax error says of the file that the cell is to Python. */
const CELL_FILE = / \(\d+\.py, line \d+\)$/;

/** Names the cell where it failed, which may belong to the prelude or to a replayed ancestor. */
export function errorProblem(loaded: LoadedProject, block: LoadedBlock, error: WorkerError): Problem {
  const evalue = error.evalue.replace(CELL_FILE, '');
  const owner = loaded.blocks.get(error.block as BlockId) ?? block;
  const index = owner.codeCells[error.ordinal];
  const place = index === undefined ? undefined : owner.notebook.cells[index]?.place;
  const { id } = block.snapshot.declaration;
  const isReplay = owner !== block && owner.snapshot.declaration.id !== loaded.snapshot.dag.prelude;
  // It went well when it ran for itself: whoever reads this must know which run of it is meant.
  const where = isReplay
    ? `while ${error.block} ran again for ${id}, which needs values of it that can not be stored: `
    : '';
  return {
    code: 'block-error',
    message: `${where}${error.ename}: ${evalue}`,
    file: owner.snapshot.declaration.notebook,
    ...(place === undefined ? {} : { cell: place }),
    ...(error.line > 0 ? { line: error.line } : {}),
    remedy: 'correct the cell and run again; the full traceback is in the notebook',
  };
}

/** An error that no cell of this block shows yet is put into the first one, so that the notebook tells what happened. */
export function withError(display: Display, error: WorkerError, block: string): Display {
  if (error.block === block && error.ordinal >= 0) return display;
  const [first, ...rest] = display.cells;
  if (first === undefined) return display;
  const output = {
    output_type: 'error',
    ename: error.ename,
    evalue: error.evalue,
    traceback: error.traceback,
  } as const;
  const cell: CellOutputs = { outputs: [...first.outputs, output], executionCount: first.executionCount };
  return { ...display, cells: [cell, ...rest] };
}

export function edgeProblem({ file, writer, reader, notebook }: MissingEdge): Problem {
  return {
    code: 'hidden-file-edge',
    message: `${reader} reads ${file}, which ${writer} writes, and there is no edge between them: which comes first is left to chance`,
    ...(notebook === undefined ? {} : { file: notebook }),
    remedy: `add the edge: dagpy link ${writer} ${reader}`,
  };
}
