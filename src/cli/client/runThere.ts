/** Hands a run to the daemon that serves the project, and tells what happens as if it ran here. */
import type { Registration } from '../../adapters/server/registration.js';
import type { RunRequest } from '../../engine/index.js';
import type { Json } from '../../protocol/dagFile.js';
import type { RunEvent } from '../../protocol/events.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { RunReport } from '../../protocol/reports.js';
import { definedOnly } from '../environment.js';
import type { Session } from '../session.js';
import { plural } from '../terminal/style.js';
import { firstOf, isAccepted, lines, post } from './daemons.js';

export interface AskedThere {
  readonly folder: string;
  readonly request: RunRequest;
  readonly jobs: number;
  /** Values that the call gives, by name. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** Names the call, for its answer to be kept. */
  readonly asked: string | undefined;
  /** Aborted when the person has had enough. */
  readonly cancel: AbortSignal;
  /** Somebody carries it out. */
  accepted(): void;
  emit(event: RunEvent): void;
}

export interface EndThere {
  readonly report: RunReport;
  readonly problems: readonly Problem[];
  readonly isCancelled: boolean;
}

type Line =
  | { readonly kind: 'queued'; readonly run: string }
  | { readonly kind: 'event'; readonly event: RunEvent }
  | ({ readonly kind: 'end'; readonly leftOut?: number } & EndThere)
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

/** @returns `undefined`: no daemon of this program serves the project, so it runs here */
export const runThere = (session: Session, asked: AskedThere): Promise<EndThere | undefined> =>
  firstOf(session, asked.folder, (daemon, project) => attempt(session, daemon, project, asked));

async function attempt(
  session: Session,
  daemon: Registration,
  project: string,
  { request: { target, force }, jobs, parameters, asked, cancel, accepted, emit }: AskedThere,
): Promise<EndThere | undefined> {
  const environment = definedOnly(session.around.environment);
  const body = { project, target, force, jobs, parameters, environment, by: 'a terminal', asked };
  const response = await post(daemon, '/v1/runs', body);
  if (response === undefined) return undefined;
  if (!(await isAccepted(response))) return undefined;
  accepted();
  let run: string | undefined;
  const takeBack = (): void => {
    if (run !== undefined)
      void post(daemon, '/v1/calls/cancel', { project, run }).then(answer => void answer?.resume());
  };
  cancel.addEventListener('abort', takeBack);
  try {
    for await (const line of lines<Line>(response)) {
      if (line.kind === 'end') {
        if (line.leftOut !== undefined) tellLeftOut(session, line.leftOut, line.report.run);
        return line;
      }
      if (line.kind === 'broken') throw new ProblemError(line.problems);
      if (line.kind === 'event') emit(line.event);
      else {
        ({ run } = line);
        if (cancel.aborted) takeBack();
      }
    }
  } finally {
    cancel.removeEventListener('abort', takeBack);
  }
  throw new ProblemError([
    {
      code: 'daemon-lost',
      message: `the daemon that ran the blocks ended (process ${String(daemon.pid)})`,
      remedy: 'run again: what was finished is kept',
    },
  ]);
}

function tellLeftOut(session: Session, count: number, run: string): void {
  session.note(
    `${plural(count, 'message')} came while this terminal read nothing and were left out; .dagpy/runs/${run}.jsonl has them`,
  );
}
