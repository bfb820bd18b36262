/** The formats of the original dagpy: its project file and its flow notebooks. */
export { decodeDelimiter, type DecodedDelimiter } from './decodeDelimiter.js';
export { decodeFormerProject } from './decodeProject.js';
export {
  FORMER_BOOKKEEPING,
  type FormerBlock,
  type FormerBookkeeping,
  type FormerFilter,
  type FormerPlace,
  type FormerProject,
} from './types.js';
