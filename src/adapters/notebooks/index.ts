/** Notebooks as files: reading, writing outputs back, making new ones, trust. */
export { areTrusted } from './areTrusted.js';
export { buildNotebook, composeNotebook, newNotebook } from './build.js';
export { canonicalOutputs } from './outputs.js';
export {
  parseNotebook,
  readNotebook,
  readOutputs,
  readWidgets,
  type Notebook,
  type NotebookCell,
} from './read.js';
export { setMetadata, spliceOutputs, type OutputUpdate } from './splice.js';
export { createTrustKeeper, type TrustKeeper } from './trust.js';
export { createTrustLender } from './trustLender.js';
export { upgradeNotebook } from './upgrade.js';
export { withWidgets } from './widgets.js';
