/** Puts back what a stored result showed and wrote, without running anything. */
import type { Display } from '../protocol/outputs.js';
import { ProblemError, type Problem } from '../protocol/problem.js';
import type { Trace } from '../protocol/trace.js';
import { decodeDisplay } from './display.js';
import type { LoadedBlock } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';

/** @returns `false` where something stored is damaged: the trace does not count any more and the block has to run */
export async function restoreBlock(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  trace: Trace,
  keep: number,
): Promise<boolean> {
  const display = displayOf(ports, trace);
  if (display !== undefined && (await filesInPlace(ports, sink, block, trace, 'stored'))) {
    await showResult(ports, sink, block, trace, display, keep);
    return true;
  }
  ports.traces.remove(trace.key, trace.id);
  return false;
}

/**
 * Files that the block wrote are as it left them.
 * @param origin `executed`: right now, so that what differs in its files came from others since
 * @returns `false`: a stored one is damaged
 */
export async function filesInPlace(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  trace: Trace,
  origin: 'stored' | 'executed',
): Promise<boolean> {
  const moved = trace.written.filter(
    ({ path, object, digest }) => object !== null && ports.world.observe('file', path) !== digest,
  );
  if (moved.length === 0) return true;
  const { putBackFiles } = await import('./putBackFiles.js');
  return putBackFiles(ports, sink, block, trace, origin);
}

/** The notebook shows what the block showed, and the memory knows it. The trace must be stored. */
export async function showResult(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  trace: Trace,
  display: Display,
  keep: number,
): Promise<void> {
  await showOutputs(ports, sink, block, display);
  ports.memory.remember(block.snapshot.uid, trace, keep);
  sink.watcher?.stored(block.snapshot.declaration.id, trace);
}

/** Writes outputs into the block's notebook; a file that was edited so much that they have no place is left alone. */
export async function showOutputs(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  display: Display,
): Promise<void> {
  const { declaration, uid } = block.snapshot;
  const written = await ports.notebooks.write(
    declaration.notebook,
    block.notebook,
    block.codeCells,
    display,
    uid,
  );
  if (!written.ok) throw new ProblemError(written.problems);
  sink.watcher?.shown(declaration.id, display);
  if (!written.value) {
    sink.emit({
      event: 'note',
      level: 'warning',
      block: declaration.id,
      message: `${declaration.notebook} was edited while its block ran, so the outputs were not written into it`,
    });
  }
}

export function displayOf(ports: ProjectPorts, trace: Trace): Display | undefined {
  const bytes = ports.objects.read(trace.display);
  return bytes === undefined ? undefined : decodeDisplay(bytes);
}

/** For callers that want the first problem of an error only. */
export const firstProblem = (error: ProblemError): Problem =>
  error.problems[0] ?? { code: 'unknown', message: error.message, remedy: 'run again' };
