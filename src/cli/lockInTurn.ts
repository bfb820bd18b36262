/** Becomes the one who changes what is stored, after whatever the project's daemon runs now. */
import { mayBeServed } from '../adapters/server/runtimeFolders.js';
import type { ProjectLock } from '../engine/storePorts.js';
import type { OpenProject } from './openProject.js';
import type { Session } from './session.js';

/** Throws a `ProblemError` that says who else is at work. @param command as people would type it */
export async function lockInTurn(
  session: Session,
  project: OpenProject,
  command: string,
): Promise<ProjectLock> {
  if (mayBeServed(session.around.environment)) {
    const { turnThere } = await import('./client/turnThere.js');
    await turnThere(session, project.folder);
  }
  return project.lock(command);
}
