/** What stands in `dag.json` alone, for those who need nothing else of a project. */
import { loadDagFile, placeInFile, type LoadedDagFile } from '../adapters/dagFile/index.js';
import { buildGraph, type Graph } from '../engine/index.js';
import { orThrow, ProblemError } from '../protocol/problem.js';

export interface Structure {
  readonly dag: LoadedDagFile;
  readonly graph: Graph;
}

/** Throws a `ProblemError` where it is wrong. */
export function readStructure(folder: string): Structure {
  const dag = readDag(folder);
  const graph = buildGraph(dag.dag);
  if (!graph.ok) throw new ProblemError(placeInFile(graph.problems, dag.text));
  return { dag, graph: graph.value };
}

/** Throws a `ProblemError` where it is wrong in itself, whatever the blocks have to do with one another. */
export const readDag = (folder: string): LoadedDagFile => orThrow(loadDagFile(folder));

/** For a command: others may be replacing the file right now. */
export async function atRest<Value>(folder: string, read: (folder: string) => Value): Promise<Value> {
  try {
    return read(folder);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { untilFilesRest } = await import('../adapters/checkout.js');
    await untilFilesRest(folder);
    return read(folder);
  }
}
