/** Which edges a change takes. */
import type { BlockState } from '../../protocol/states.js';

const COMES: ReadonlySet<BlockState | null> = new Set(['stale', 'affected', 'queued', 'running']);
const WAITS: ReadonlySet<BlockState | null> = new Set(['stale', 'affected', 'queued', 'running', 'blocked']);

/** On the way from what changed to what has to follow. */
export const isLit = (from: BlockState | null, to: BlockState | null): boolean =>
  COMES.has(from) && WAITS.has(to);
