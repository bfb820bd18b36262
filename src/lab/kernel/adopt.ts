/** *Adopt*: what a kernel has computed becomes the block's value for people, until a run has made it. */
import { Notification } from '@jupyterlab/apputils';
import { isCodeCellModel } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { bytes } from '../../protocol/amounts.js';
import type { Json } from '../../protocol/dagFile.js';
import { listing } from '../words.js';
import { saveDocument } from '../notebook/saveDocument.js';
import { runPrivately } from './kernelReport.js';
import type { KernelSession } from './kernelSession.js';

const REPORT = '__import__("sys").modules["dagpy_worker.adopting"].report()';

/**
 * Why nothing can be adopted, as far as the page can see; empty: the kernel is asked to show that it ran exactly the code
 * of the block, which it does by its own history, whoever ran it from wherever.
 */
export function adoptObstacle(session: KernelSession, trans: TranslationBundle): string {
  const { subject, state, obstacle } = session;
  if (obstacle !== '') return obstacle;
  if (subject?.kind !== 'block')
    return trans.__("Adopt from the block's own notebook: a flow runs several blocks.");
  const { block } = subject;
  if (block.state === 'fresh' || block.state === 'frozen')
    return trans.__('%1 is %2 already: there is nothing to adopt.', block.id, block.state);
  if (block.filter.kind === 'off') return trans.__('%1 stores nothing, since its filter is off.', block.id);
  if (block.parents.length > 0) {
    if (state.kind !== 'loaded' || session.loadedWhat !== 'inputs')
      return trans.__(
        'The kernel was not given what %1 needs: restart it and run the cells again.',
        block.id,
      );
    if (session.isOlder)
      return trans.__('The kernel was given older values: restart it and run the cells again.');
  }
  return cellsObstacle(session, trans);
}

/** Run once each, top to bottom, as the first thing in this kernel, and without an error. */
function cellsObstacle({ panel }: KernelSession, trans: TranslationBundle): string {
  let expected = 1;
  for (const cell of panel.content.model?.cells ?? []) {
    if (!isCodeCellModel(cell) || cell.sharedModel.getSource().trim() === '') continue;
    if (cell.executionCount !== expected)
      return trans.__(
        'Cells must have run once each, in order, in a kernel that ran nothing else: restart it and run all cells.',
      );
    expected += 1;
    for (let place = 0; place < cell.outputs.length; place += 1)
      if (cell.outputs.get(place).type === 'error') return trans.__('A cell failed.');
  }
  return expected === 1 ? trans.__('The block has no code that ran.') : '';
}

/** @throws an error in words where the kernel can not show what is needed */
export async function adopt(session: KernelSession, trans: TranslationBundle): Promise<void> {
  const { subject, model, panel } = session;
  const kernel = panel.sessionContext.session?.kernel;
  if (subject?.kind !== 'block' || kernel === undefined || kernel === null) return;
  // What ran is compared with the file.
  if (panel.context.model.dirty) await saveDocument(panel.context);
  const { id } = subject.block;
  const { code, ticket } = await model.call('adoptCode', { block: id });
  const { report } = await runPrivately(kernel, code, { report: REPORT });
  if (!isMade(report)) throw new Error(trans.__('the kernel did not answer'));
  if (!report.ok) throw new Error(report.why);
  const { components, withheld, warnings } = report;
  const adopted = await model.call('adopt', { block: id, ticket, made: { components, withheld, warnings } });
  Notification.success(
    trans.__(
      'Adopted %1 of %2 (%3). They are local: branches start from them, and the next run makes them anew.',
      listing(adopted.variables, trans) || trans.__('nothing'),
      id,
      bytes(adopted.bytes),
    ),
  );
}

/** What the kernel says, in the form in which the daemon takes it. */
interface Made {
  readonly ok: boolean;
  readonly why: string;
  readonly components: Json;
  readonly withheld: Json;
  readonly warnings: Json;
}

const isMade = (data: unknown): data is Made =>
  typeof data === 'object' && data !== null && 'ok' in data && 'why' in data;
