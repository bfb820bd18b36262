/** Carries out a run, or previews it. */
import { stripVTControlCharacters } from 'node:util';
import type { LoadedProject } from '../../daemon/loadProject.js';
import { runProject } from '../../daemon/run.js';
import type { RunRequest } from '../../engine/index.js';
import { mayBeServed } from '../../adapters/server/runtimeFolders.js';
import type { Json } from '../../protocol/dagFile.js';
import type { RunEvent } from '../../protocol/events.js';
import type { Digest } from '../../protocol/ids.js';
import { orThrow, type Problem, ProblemError } from '../../protocol/problem.js';
import type { RunReport } from '../../protocol/reports.js';
import type { OpenProject } from '../openProject.js';
import { parametersOf } from '../parameters.js';
import type { RunOptions } from '../program.js';
import { keepAnswer, QuietAnswer } from './keepAnswer.js';
import type { Session } from '../session.js';
import { openScreen, openTelling, type Telling } from '../telling.js';
import { printable } from '../terminal/style.js';
import { shortTraceback } from '../terminal/traceback.js';

const INTERRUPTED = 130;

/** @param asked names the call, for its answer to be kept */
export async function execute(
  session: Session,
  targets: readonly string[],
  options: RunOptions,
  asked: Digest | undefined,
): Promise<number> {
  return session.withProject(async project => {
    const parameters = orThrow(parametersOf(project.dag.dag.parameters, options.parameter));
    const request = requestOf(project, targets, options);
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
  const { around } = session;
  const jobs = options.jobs ?? around.cores;
  const cancel = new AbortController();
  let telling: Telling | undefined;
  const interrupted = (): void => {
    // A second Ctrl-C is for those who will not wait for a clean end.
    if (cancel.signal.aborted) process.exit(INTERRUPTED);
    telling?.pause();
    session.note(
      'stopping: running blocks are interrupted, finished ones are kept (Ctrl-C again to leave at once)',
    );
    cancel.abort();
  };
  const emit = (event: RunEvent): void => {
    telling?.emit(event);
    if (event.event !== 'blockFailed') return;
    telling?.pause();
    tellFailure(session, event);
  };
  let isWarned = false;
  /** Once, although nobody else may turn out to run it after all. */
  const warnOfParameters = async (load: () => Promise<LoadedProject>): Promise<void> => {
    if (isWarned || options.parameter.length === 0) return;
    isWarned = true;
    (await import('../assigned.js')).warnOfAssigned(session, await load(), options.parameter);
  };
  /** @returns `undefined`: nobody else runs it */
  const elsewhere = async (): Promise<number | undefined> => {
    if (!mayBeServed(around.environment)) return undefined;
    const { runThere } = await import('../client/runThere.js');
    await warnOfParameters(() => project.load(parameters));
    telling = openScreen(session);
    const given = options.parameter.map(text => text.slice(0, text.indexOf('=')));
    const ended = await runThere(session, {
      folder: project.folder,
      request,
      jobs,
      parameters: Object.fromEntries(given.map(name => [name, parameters.get(name) ?? null])),
      asked: session.remarks() > 0 ? undefined : asked,
      cancel: cancel.signal,
      emit,
    });
    if (ended === undefined) return undefined;
    if (options.json === true) session.printJson(ended.report);
    return exitCode(ended.report, ended.problems, ended.isCancelled);
  };
  const here = async (): Promise<number> => {
    project.lock(`dagpy run ${request.target.kind}`);
    const loaded = await project.load(parameters, true);
    await warnOfParameters(() => Promise.resolve(loaded));
    const logged = openTelling(session, project.layout.root);
    telling = logged;
    const answer = new QuietAnswer();
    const { report, problems } = await runProject(
      project.ports,
      {
        run: logged.run,
        emit: event => {
          answer.take(event);
          emit(event);
        },
      },
      { loaded, request, jobs, cancel: cancel.signal },
    );
    if (options.json === true) session.printJson(report);
    const code = exitCode(report, problems, cancel.signal.aborted);
    if (asked !== undefined && code === 0 && session.remarks() === 0)
      keepAnswer(await session.ground(), project, loaded, asked, answer);
    return code;
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  try {
    return (await elsewhere()) ?? (await here());
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

function exitCode(report: RunReport, problems: readonly Problem[], interrupted: boolean): number {
  if (interrupted) return INTERRUPTED;
  if (problems.length > 0) return 2;
  return report.failed.length > 0 ? 1 : 0;
}

/** Why a block failed, with its traceback. */
export function tellFailure(
  session: Session,
  { problem, traceback }: { readonly problem: Problem; readonly traceback: readonly string[] },
): void {
  const text = shortTraceback(traceback, problem);
  if (text !== '') session.note(session.errorStyle.colour ? text : printable(stripVTControlCharacters(text)));
  session.complain(problem);
}

function requestOf(project: OpenProject, targets: readonly string[], options: RunOptions): RunRequest {
  const reaches = [
    options.only === true && 'only',
    options.upstream === true && 'upstream',
    options.downstream === true && 'downstream',
  ].filter((reach): reach is 'only' | 'upstream' | 'downstream' => reach !== false);
  const force = options.force === true;
  const wrong = (message: string, remedy: string): never => {
    throw new ProblemError([{ code: 'call', message, remedy }]);
  };
  if (options.check === true && (force || options.dryRun === true))
    wrong('--check runs blocks to compare, so --force and --dry-run mean nothing with it', 'leave them out');
  if (reaches.length > 1) wrong(`--${reaches.join(' and --')} exclude each other`, 'choose one of them');
  const tagged = blocksWithTags(project, options.tag);
  const special =
    targets.length === 1 && (targets[0] === 'affected' || targets[0] === 'all') ? targets[0] : undefined;
  const selectors = special !== undefined ? [] : targets;
  if (tagged !== undefined) {
    if (selectors.length > 0)
      wrong('block ids and --tag exclude each other', 'name the blocks, or choose them by tag');
    if (tagged.length === 0)
      wrong(`no block has the tag ${options.tag.join(', ')}`, 'see "tags" in dag.json');
    return { target: { kind: 'ids', selectors: tagged, reach: reaches[0] ?? 'needs' }, force };
  }
  if (selectors.length === 0) {
    if (reaches.length > 0)
      wrong(`--${reaches[0] ?? ''} needs block ids`, `name the blocks: dagpy run ID --${reaches[0] ?? ''}`);
    return { target: { kind: special === 'all' ? 'all' : 'affected' }, force };
  }
  return { target: { kind: 'ids', selectors, reach: reaches[0] ?? 'needs' }, force };
}

/** Blocks that carry every tag, their project's included; `undefined`: no tag was asked for. */
function blocksWithTags(project: OpenProject, asked: readonly string[]): readonly string[] | undefined {
  if (asked.length === 0) return undefined;
  const pairs = asked.map(text => {
    const at = text.indexOf('=');
    if (at <= 0)
      throw new ProblemError([
        {
          code: 'call',
          message: `--tag ${text}: a tag is given as name=value`,
          remedy: 'for instance --tag kind=model',
        },
      ]);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  const { dag } = project.dag;
  return dag.blocks
    .filter(block => pairs.every(([name, value]) => (block.tags.get(name) ?? dag.tags.get(name)) === value))
    .map(block => block.id);
}
