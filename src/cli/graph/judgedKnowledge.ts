/** States of blocks, and what crosses each edge. */
import { crossingVariables } from '../../daemon/crossing.js';
import { statusOf, type Judged } from '../judged.js';
import type { Knowledge } from './model.js';

export function judgedKnowledge(all: Judged): Knowledge {
  return {
    node(block) {
      const { state, reasons, seconds, exports } = statusOf(all, block);
      const bytes = exports.reduce((sum, each) => sum + each.bytes, 0);
      return { state, reasons, seconds, bytes: exports.length > 0 ? bytes : null };
    },
    crossing: crossingVariables(all),
  };
}
