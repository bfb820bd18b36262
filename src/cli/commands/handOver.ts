/**
 * Hands a run to the daemon that serves the project, before anything is read here that the daemon has read already: it
 * knows the project, and its workers are warm.
 */
import { parametersOf, valuesGiven } from '../parameters.js';
import type { LoadedDagFile } from '../../adapters/dagFile/index.js';
import type { Json } from '../../protocol/dagFile.js';
import type { Digest } from '../../protocol/ids.js';
import { orThrow, type Problem } from '../../protocol/problem.js';
import { runThere } from '../client/runThere.js';
import type { RunOptions } from '../program.js';
import { atRest, readDag } from '../structure.js';
import { requestOf } from './runRequest.js';
import { exitCode, INTERRUPTED, interruptible, withFailures } from './runTelling.js';
import type { Session } from '../session.js';
import { openScreen } from '../telling.js';

/**
 * @param asked names the call, for its answer to be kept
 * @returns the exit code; `undefined`: no daemon of this program serves the project, so it runs here
 */
export async function handOver(
  session: Session,
  targets: readonly string[],
  options: RunOptions,
  asked: Digest | undefined,
): Promise<number | undefined> {
  const folder = session.folder();
  const dag = await atRest(folder, readDag);
  const parameters = orThrow(parametersOf(dag.dag.parameters, options.parameter));
  const request = requestOf(dag, targets, options);
  const warnings = await warningsOf(session, dag, parameters, options);
  const telling = openScreen(session);
  const pause = (): void => telling.pause();
  let isWarned = false;
  const warn = (): void => {
    if (!isWarned) for (const problem of warnings) session.warn(problem);
    isWarned = true;
  };
  return interruptible(session, pause, async cancel => {
    const ended = await runThere(session, {
      folder,
      request,
      jobs: options.jobs ?? session.around.cores,
      parameters: valuesGiven(parameters, options.parameter),
      asked: warnings.length + session.remarks() > 0 ? undefined : asked,
      cancel,
      accepted: warn,
      emit: withFailures(session, telling),
    }).catch((error: unknown) => {
      warn();
      throw error;
    });
    // Who has had enough while nobody answered does not want it here either.
    if (ended === undefined) return cancel.aborted ? INTERRUPTED : undefined;
    if (options.json === true) session.printJson(ended.report);
    return exitCode(ended.report, ended.problems, ended.isCancelled);
  });
}

async function warningsOf(
  session: Session,
  { warnings }: LoadedDagFile,
  parameters: ReadonlyMap<string, Json>,
  { parameter }: RunOptions,
): Promise<readonly Problem[]> {
  if (parameter.length === 0) return warnings;
  const [{ assignedParameters }, { openProject }] = await Promise.all([
    import('../assigned.js'),
    import('../openProject.js'),
  ]);
  const project = await openProject(session.around, await session.ground(), session.note);
  try {
    return [...warnings, ...assignedParameters(await project.load(parameters), parameter)];
  } finally {
    await project.close();
  }
}
