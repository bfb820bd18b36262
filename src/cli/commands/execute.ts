/** Carries out a run here, or previews it. */
import { runProject } from '../../daemon/run.js';
import type { RunRequest } from '../../engine/index.js';
import type { Json } from '../../protocol/dagFile.js';
import type { Digest } from '../../protocol/ids.js';
import { orThrow } from '../../protocol/problem.js';
import type { OpenProject } from '../openProject.js';
import { parametersOf } from '../parameters.js';
import type { RunOptions } from '../program.js';
import { keepAnswer, QuietAnswer } from './keepAnswer.js';
import { requestOf } from './runRequest.js';
import { exitCode, interruptible, withFailures } from './runTelling.js';
import type { Session } from '../session.js';
import { openTelling, type Telling } from '../telling.js';

/** @param asked names the call, for its answer to be kept */
export async function execute(
  session: Session,
  targets: readonly string[],
  options: RunOptions,
  asked: Digest | undefined,
): Promise<number> {
  return session.withProject(async project => {
    const parameters = orThrow(parametersOf(project.dag.dag.parameters, options.parameter));
    const request = requestOf(project.dag, targets, options);
    const jobs = options.jobs ?? session.around.cores;
    if (options.dryRun === true) {
      const { preview } = await import('./preview.js');
      return preview(session, project, request, parameters, {
        jobs,
        json: options.json === true,
        given: options.parameter,
      });
    }
    if (options.check === true) {
      const { check } = await import('./check.js');
      return check(session, project, request.target, parameters, { jobs, json: options.json === true });
    }
    return carryOut(session, project, request, parameters, options, asked);
  });
}

async function carryOut(
  session: Session,
  project: OpenProject,
  request: RunRequest,
  parameters: ReadonlyMap<string, Json>,
  options: RunOptions,
  asked: Digest | undefined,
): Promise<number> {
  let telling: Telling | undefined;
  const pause = (): void => telling?.pause();
  return interruptible(session, pause, async cancel => {
    project.lock(`dagpy run ${request.target.kind}`);
    const loaded = await project.load(parameters, true);
    if (options.parameter.length > 0) {
      const { assignedParameters } = await import('../assigned.js');
      for (const problem of assignedParameters(loaded, options.parameter)) session.warn(problem);
    }
    const logged = openTelling(session, project.layout.root);
    telling = logged;
    const show = withFailures(session, logged);
    const answer = new QuietAnswer();
    const emit: typeof show = event => {
      answer.take(event);
      show(event);
    };
    const sink = { run: logged.run, emit };
    const jobs = options.jobs ?? session.around.cores;
    const { report, problems } = await runProject(project.ports, sink, { loaded, request, jobs, cancel });
    if (options.json === true) session.printJson(report);
    const code = exitCode(report, problems, cancel.aborted);
    if (asked !== undefined && code === 0 && session.remarks() === 0)
      keepAnswer(await session.ground(), project, loaded, asked, answer);
    return code;
  });
}
