/** Flow notebooks on disk: made of blocks, and written back into them. */
import { success, type Result } from '../../protocol/problem.js';
import { readNotebook } from '../notebooks/index.js';
import { replaceTextFile } from '../textFile.js';
import { planFlow, type SubmitOutcome, type SubmitPorts } from './planFlow.js';

export { composeFlow, type FlowBlock } from './compose.js';
export { mergeNotebook, type OpenNotebook } from './mergeNotebook.js';
export {
  planFlow,
  type FlowPlan,
  type OpenFlow,
  type SubmitOutcome,
  type SubmitPorts,
  type Submitted,
} from './planFlow.js';
export { CONFLICT_CODE, readFlow } from './readFlow.js';
export type { Conflict } from './state.js';
export { isEdited } from './submit.js';
export { filterWords, wordsOf } from './words.js';

const ATTEMPTS = 5;

/**
 * Writes a flow back into its blocks. Nothing is written where anything is wrong; on a conflict only the flow is, with
 * both versions in it.
 * @param path of the flow, absolute. @param shown as messages name it
 */
export async function submitFlow(
  project: string,
  path: string,
  shown: string,
  ports: SubmitPorts,
): Promise<Result<SubmitOutcome>> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptToSubmit(project, path, shown, ports);
    // Somebody saved one of the files meanwhile: their edit takes part in the merge now.
    if (outcome.ok || outcome.problems[0]?.code !== 'file-changed' || attempt === ATTEMPTS) return outcome;
  }
}

async function attemptToSubmit(
  project: string,
  path: string,
  shown: string,
  ports: SubmitPorts,
): Promise<Result<SubmitOutcome>> {
  const notebook = readNotebook(path, shown);
  if (!notebook.ok) return notebook;
  const planned = await planFlow(project, notebook.value, ports);
  if (!planned.ok) return planned;
  const { outcome, text, isTrusted } = planned.value;
  const written = await planned.value.write();
  if (!written.ok) return written;
  if (text !== notebook.value.text) {
    const refreshed = replaceTextFile(path, text, notebook.value.stamp, shown);
    if (!refreshed.ok) return refreshed;
    if (isTrusted) await ports.trust.signAgain([path]);
  }
  return success(outcome);
}
