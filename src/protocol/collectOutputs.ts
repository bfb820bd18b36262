/** From a worker's messages to what its cells show, as nbclient keeps it (pieces of one stream joined). */
import type { CellOutput, CellOutputs, JsonObject } from './outputs.js';
import type { FromWorker } from './workerMessages.js';

interface StreamPieces {
  readonly stream: 'stdout' | 'stderr';
  readonly pieces: string[];
}

/** Data and metadata of a display can be replaced later, from any cell. */
interface Shown {
  output: Exclude<CellOutput, { output_type: 'stream' }>;
  readonly displayId: string | undefined;
}

interface CollectedCell {
  entries: (StreamPieces | Shown)[];
  executionCount: number | null;
  /** `clear_output(wait=True)`: cleared when the next output comes, kept if none does. */
  clearBeforeNext: boolean;
}

export interface OutputCollector {
  accept(message: FromWorker): void;
  /** What is shown so far; cells that never started show nothing. */
  cells(): readonly CellOutputs[];
}

/** @param cellCount number of non-empty code cells of the block */
export function createOutputCollector(cellCount: number): OutputCollector {
  const cells: CollectedCell[] = Array.from({ length: cellCount }, () => ({
    entries: [],
    executionCount: null,
    clearBeforeNext: false,
  }));
  return {
    accept(message) {
      switch (message.type) {
        case 'cellStarted': {
          const cell = cells[message.ordinal];
          if (cell) cell.executionCount = message.ordinal + 1;
          break;
        }
        case 'output': {
          const cell = cells[message.ordinal];
          if (!cell) break;
          if (cell.clearBeforeNext) clear(cell);
          const displayId = displayIdOf(message.output);
          // A second display under one id replaces what the first shows, as in nbclient.
          if (displayId !== undefined && 'data' in message.output) {
            update(cells, displayId, message.output.data, message.output.metadata);
          }
          append(cell, message.output, displayId);
          break;
        }
        case 'clearOutput': {
          const cell = cells[message.ordinal];
          if (!cell) break;
          if (message.wait) cell.clearBeforeNext = true;
          else clear(cell);
          break;
        }
        case 'updateDisplay':
          update(cells, message.displayId, message.data, message.metadata);
          break;
        case 'replaying':
        case 'cellFinished':
        case 'done':
          break;
      }
    },
    cells: () => cells.map(finish),
  };
}

function clear(cell: CollectedCell): void {
  cell.entries = [];
  cell.clearBeforeNext = false;
}

function append(cell: CollectedCell, output: CellOutput, displayId: string | undefined): void {
  if (output.output_type === 'stream') {
    const last = cell.entries.at(-1);
    if (last && 'pieces' in last && last.stream === output.name) last.pieces.push(output.text);
    else cell.entries.push({ stream: output.name, pieces: [output.text] });
    return;
  }
  if (output.output_type === 'execute_result' && output.execution_count !== null) {
    cell.executionCount = output.execution_count;
  }
  cell.entries.push({ output, displayId });
}

function update(
  cells: readonly CollectedCell[],
  displayId: string,
  data: JsonObject,
  metadata: JsonObject,
): void {
  for (const cell of cells) {
    for (const entry of cell.entries) {
      if ('pieces' in entry || entry.displayId !== displayId || !('data' in entry.output)) continue;
      entry.output = { ...entry.output, data, metadata };
    }
  }
}

function displayIdOf(output: CellOutput): string | undefined {
  // Kernels may give execute_result a display id too, although the notebook format has no place for it.
  const transient = (output as { readonly transient?: JsonObject }).transient;
  const displayId = transient?.['display_id'];
  return typeof displayId === 'string' ? displayId : undefined;
}

function finish(cell: CollectedCell): CellOutputs {
  const outputs = cell.entries.map((entry): CellOutput => {
    if ('pieces' in entry) return { output_type: 'stream', name: entry.stream, text: entry.pieces.join('') };
    const { transient: _, ...kept } = entry.output as typeof entry.output & {
      readonly transient?: JsonObject;
    };
    return kept as CellOutput;
  });
  return { outputs, executionCount: cell.executionCount };
}
