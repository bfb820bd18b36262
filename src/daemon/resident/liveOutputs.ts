/** Outputs of running blocks on their way to clients: put together for a moment, so that a chatty cell is few messages. */
import { createOutputCollector, type OutputCollector } from '../../protocol/collectOutputs.js';
import type { CellOutput, Display, JsonObject } from '../../protocol/outputs.js';
import type { CellPlace, OutputEvent } from '../../protocol/resident/stream.js';
import type { FromWorker } from '../../protocol/workerMessages.js';

const GATHER_MILLISECONDS = 50;

interface Pending {
  isReset: boolean;
  readonly outputs: CellOutput[];
}

interface Block {
  readonly cells: readonly CellPlace[];
  readonly collector: OutputCollector;
  readonly pending: Map<number, Pending>;
  /** Cells that are told anew, since something in them was replaced. */
  readonly anew: Set<number>;
  /** `clear_output(wait=True)`: cleared when the next output comes. */
  readonly clearing: Set<number>;
}

export class LiveOutputs {
  private readonly blocks = new Map<string, Block>();
  private timer: NodeJS.Timeout | undefined;

  /** @param placesOf non-empty code cells of a block */
  constructor(
    private readonly placesOf: (block: string) => readonly CellPlace[],
    private readonly tell: (event: OutputEvent) => void,
  ) {}

  heard(id: string, message: FromWorker): void {
    const block = this.blockOf(id);
    block.collector.accept(message);
    switch (message.type) {
      case 'cellStarted':
        this.reset(block, message.ordinal);
        break;
      case 'output':
        if (block.clearing.delete(message.ordinal)) this.reset(block, message.ordinal);
        if (displayIdOf(message.output) === undefined)
          append(this.pendingOf(block, message.ordinal), message.output);
        else this.tellAnew(block);
        break;
      case 'clearOutput':
        if (message.wait) block.clearing.add(message.ordinal);
        else this.reset(block, message.ordinal);
        break;
      case 'updateDisplay':
        this.tellAnew(block);
        break;
      default:
        return;
    }
    this.timer ??= setTimeout(() => this.flush(), GATHER_MILLISECONDS);
  }

  /** All that the block shows. */
  shown(id: string, { cells }: Display): void {
    this.flush();
    this.blocks.delete(id);
    const places = this.placesOf(id);
    this.tell({
      event: 'blockOutputs',
      block: id,
      cells: places.map((cell, ordinal) => ({
        cell,
        outputs: cells[ordinal]?.outputs ?? [],
        executionCount: cells[ordinal]?.executionCount ?? null,
      })),
    });
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const [id, block] of this.blocks) {
      const shown = block.anew.size > 0 ? block.collector.cells() : [];
      for (const [ordinal, { isReset, outputs }] of block.pending) {
        const cell = block.cells[ordinal];
        if (cell === undefined) continue;
        const isAnew = block.anew.has(ordinal);
        this.tell({
          event: 'cellOutput',
          block: id,
          cell,
          isReset: isReset || isAnew,
          outputs: isAnew ? (shown[ordinal]?.outputs ?? []) : outputs,
          executionCount: ordinal + 1,
        });
      }
      block.pending.clear();
      block.anew.clear();
    }
  }

  private blockOf(id: string): Block {
    const known = this.blocks.get(id);
    if (known !== undefined) return known;
    const cells = this.placesOf(id);
    const block: Block = {
      cells,
      collector: createOutputCollector(cells.length),
      pending: new Map(),
      anew: new Set(),
      clearing: new Set(),
    };
    this.blocks.set(id, block);
    return block;
  }

  private pendingOf(block: Block, ordinal: number): Pending {
    const known = block.pending.get(ordinal) ?? { isReset: false, outputs: [] };
    block.pending.set(ordinal, known);
    return known;
  }

  private reset(block: Block, ordinal: number): void {
    block.pending.set(ordinal, { isReset: true, outputs: [] });
  }

  /** A display under an id may replace what any cell shows. */
  private tellAnew(block: Block): void {
    block.collector.cells().forEach(({ outputs }, ordinal) => {
      if (outputs.length === 0) return;
      block.anew.add(ordinal);
      this.pendingOf(block, ordinal);
    });
  }
}

/** Pieces of one stream that follow each other are one output. */
function append({ outputs }: Pending, output: CellOutput): void {
  const last = outputs.at(-1);
  if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name)
    outputs[outputs.length - 1] = { ...last, text: last.text + output.text };
  else outputs.push(withoutTransient(output));
}

function withoutTransient(output: CellOutput): CellOutput {
  const { transient: _, ...kept } = output as CellOutput & { readonly transient?: JsonObject };
  return kept as CellOutput;
}

function displayIdOf(output: CellOutput): string | undefined {
  const { transient } = output as { readonly transient?: JsonObject };
  const id = transient?.['display_id'];
  return typeof id === 'string' ? id : undefined;
}
