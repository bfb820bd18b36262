/** What is told, remembered and shown of a block that failed. Few runs need it, so it is loaded when one does. */
import type { Key } from '../protocol/ids.js';
import type { Display } from '../protocol/outputs.js';
import { ProblemError, type Problem } from '../protocol/problem.js';
import type { LoadedBlock } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';
import { showOutputs } from './restoreBlock.js';

export interface Failed {
  /** The first says why. */
  readonly problems: readonly Problem[];
  readonly traceback: readonly string[];
  readonly seconds: number;
}

/** @returns what is wrong besides: its notebook could not be written */
export async function failBlock(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  key: Key,
  { problems, traceback, seconds }: Failed,
  display?: Display,
): Promise<readonly Problem[]> {
  const { declaration, uid } = block.snapshot;
  const [problem] = problems;
  if (problem === undefined) throw new Error(`${declaration.id} failed for no reason`);
  // First the memory: a crash in between must not leave the block looking as if it showed its last good outputs.
  ports.memory.fail(uid, { key, message: problem.message, seconds });
  const besides = display === undefined ? [] : await show(ports, sink, block, display);
  sink.emit({ event: 'blockFailed', block: declaration.id, problem, traceback, seconds });
  return besides;
}

/** What it showed until then. */
async function show(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  display: Display,
): Promise<readonly Problem[]> {
  try {
    await showOutputs(ports, sink, block, display);
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}
