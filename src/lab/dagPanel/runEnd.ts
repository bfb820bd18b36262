/** How a run ended, in one sentence. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RunSummary } from '../../protocol/resident/view.js';
import { duration, listing } from '../words.js';

export function runEndText(
  { seconds, executed, restored, failed, blocked, cancelled }: RunSummary,
  trans: TranslationBundle,
): string {
  const parts: string[] = [];
  if (executed.length > 0) parts.push(trans._n('%1 block ran', '%1 blocks ran', executed.length));
  if (restored.length > 0) parts.push(trans._n('%1 put back', '%1 put back', restored.length));
  if (failed.length > 0) parts.push(trans.__('failed: %1', listing(failed, trans)));
  if (blocked.length > 0) parts.push(trans._n('%1 blocked', '%1 blocked', blocked.length));
  if (cancelled.length > 0) parts.push(trans._n('%1 cancelled', '%1 cancelled', cancelled.length));
  if (parts.length === 0) parts.push(trans.__('everything was fresh'));
  return trans.__('Run finished in %1: %2', duration(seconds, trans), parts.join(', '));
}
