/** A project with the state of every block, as the commands that look at it tell of it. */
import { inPieces } from '../daemon/breathe.js';
import { judging } from '../engine/index.js';
import type { Judged } from '../daemon/judged.js';
import type { OpenProject } from './openProject.js';

export { exportsOf, replayNotes, statusOf, traceOf, unstorable, type Judged } from '../daemon/judged.js';

export async function judged(project: OpenProject): Promise<Judged> {
  return judgedAs(project, project.context(await project.load()));
}

export async function judgedAs({ breathe }: OpenProject, context: Judged['context']): Promise<Judged> {
  return { context, judgements: await inPieces(judging(context), breathe) };
}
