/** A project with the state of every block, as the commands that look at it tell of it. */
import { judge } from '../engine/index.js';
import type { Judged } from '../daemon/judged.js';
import type { OpenProject } from './openProject.js';

export { exportsOf, replayNotes, statusOf, traceOf, unstorable, type Judged } from '../daemon/judged.js';

export async function judged(project: OpenProject): Promise<Judged> {
  const context = project.context(await project.load());
  return { context, judgements: judge(context) };
}
