/**
 * What blocks made, on its way to the disk and to people: their values are known by then, and children run already.
 * A block is recorded after all that it comes from, so that whoever looks never finds it without those.
 */
import type { BlockId } from '../protocol/ids.js';
import { ProblemError } from '../protocol/problem.js';
import type { Trace } from '../protocol/trace.js';
import type { Graph } from '../engine/index.js';
import type { Committed } from './commitResult.js';
import type { FileUse } from './fileUse.js';
import { blockOf } from './jobSpec.js';
import type { LoadedBlock, LoadedProject } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';
import { displayOf, filesInPlace, showResult } from './restoreBlock.js';

export class Recordings {
  private readonly underWay = new Map<BlockId, Promise<void>>();
  /** One block after the other: two readers may have the same writer. */
  private keeping: Promise<void> = Promise.resolve();

  /** @param recorded something is not under way any more */
  constructor(
    private readonly ports: ProjectPorts,
    private readonly sink: RunSink,
    private readonly loaded: LoadedProject,
    private readonly graph: Graph,
    private readonly recorded: () => void,
  ) {}

  has(block: BlockId): boolean {
    return this.underWay.has(block);
  }

  /** What is under way now. */
  async all(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  /** All that has to be done before others may read what the block made and wrote. @returns whether it is what it was */
  async before(trace: Trace, writers: ReturnType<FileUse['writersFor']>): Promise<boolean> {
    if (writers.length > 0) {
      this.keeping = this.keeping.then(() => this.keepFiles(writers));
      await this.keeping;
    }
    return filesInPlace(this.ports, this.sink, blockOf(this.loaded, trace.block), trace, 'executed');
  }

  /** @param isWhole what `before` said. Rejects with a `ProblemError` where it can not be stored */
  add(made: Committed, isWhole: boolean): Promise<void> {
    const { block } = made.trace;
    const above = this.parentsOf(block).map(parent => this.underWay.get(parent));
    const recorded = this.record(made, isWhole, above).finally(() => {
      this.underWay.delete(block);
      this.recorded();
    });
    this.underWay.set(block, recorded);
    return recorded;
  }

  /** Order matters for crashes: the trace, then what the notebook shows, then the memory that it shows it. */
  private async record(
    { trace, durable }: Committed,
    isWhole: boolean,
    above: readonly (Promise<void> | undefined)[],
  ): Promise<void> {
    const { ports, sink } = this;
    const block = blockOf(this.loaded, trace.block);
    try {
      await durable;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { failBlock } = await import('./failBlock.js');
      await failBlock(ports, sink, block, trace.key, { ...trace, problems: error.problems, traceback: [] });
      throw error;
    }
    for (const parent of above) await parent;
    const display = displayOf(ports, trace);
    if (isWhole && display !== undefined) {
      await ports.traces.add(trace);
      await showResult(ports, sink, block, trace, display, this.loaded.snapshot.dag.cache.keep);
    }
    sink.emit({
      event: 'blockExecuted',
      block: trace.block,
      seconds: trace.seconds,
      storedBytes: trace.exports
        .flatMap(each => each.variables)
        .reduce((sum, variable) => sum + variable.bytes, 0),
      changed: exportsOf(block.snapshot.memory.last) !== exportsOf(trace),
      replayed: trace.replayed,
      warnings: trace.warnings,
    });
  }

  private parentsOf(id: BlockId): readonly BlockId[] {
    const { ids, indexOf, parents, parentStart } = this.graph;
    const block = indexOf.get(id)!;
    return Array.from(parents.subarray(parentStart[block], parentStart[block + 1]), parent => ids[parent]!);
  }

  private async keepFiles(writers: ReturnType<FileUse['writersFor']>): Promise<void> {
    const { keepWrittenFiles } = await import('./keepWrittenFiles.js');
    // From their memory it follows what they wrote.
    for (const { block } of writers) await this.underWay.get(block);
    await keepWrittenFiles(this.ports, this.loaded, writers);
  }
}

/** Whether what other blocks show is among what a block reads, so that it has to be in their files before. */
export function readsNotebooks({ snapshot, notebook }: LoadedBlock): boolean {
  const { declaration, memory } = snapshot;
  return (
    declaration.after.length > 0 ||
    notebook.cells.some(({ source }) => source.includes('ipynb')) ||
    memory.last?.discovered.some(({ name }) => name.endsWith('.ipynb')) === true
  );
}

const exportsOf = (trace: Trace | null): string | undefined =>
  trace?.exports
    .map(component => component.digest)
    .sort()
    .join(' ');
