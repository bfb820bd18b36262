/** Waits for a turn at the daemon that serves a project: nothing runs there while this process changes what is stored. */
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { Session } from '../session.js';
import { firstOf, isAccepted, lines, post } from './daemons.js';

type Line =
  | { readonly kind: 'waiting' | 'turn' | 'end' }
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

/** Resolves when it is this process's turn, which it has until it ends; at once where no daemon is there. */
export async function turnThere(session: Session, folder: string): Promise<void> {
  await firstOf(session, folder, async (daemon, project) => {
    const response = await post(daemon, '/v1/turns', { project });
    if (response === undefined || !(await isAccepted(response))) return undefined;
    const waits = setTimeout(() => session.note('waiting until the blocks that run are done'), 1_000);
    try {
      const told = lines<Line>(response);
      for (let next = await told.next(); next.done !== true; next = await told.next()) {
        if (next.value.kind === 'broken') throw new ProblemError(next.value.problems);
        if (next.value.kind === 'turn') break;
      }
    } finally {
      clearTimeout(waits);
    }
    // Its end is the end of the turn, and it keeps nobody from ending. A daemon that ended meanwhile runs nothing either.
    response.socket.unref();
    return true;
  });
}
