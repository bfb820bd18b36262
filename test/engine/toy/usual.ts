/** What declarations and traces say of a block about which there is nothing to say. */
import type { Trace } from '../../../src/protocol/trace.js';

export const USUAL_DECLARATION = {
  run: 'auto' as const,
  inputs: [],
  outputs: [],
  env: [],
  after: [],
  tags: new Map(),
  retries: 0,
};

export const USUAL_TRACE = {
  createdAt: 0,
  seconds: 1,
  peakBytes: 0,
  code: [],
  discovered: [],
  withheld: [],
  appended: [],
  ambient: [],
  written: [],
  external: [],
  untracked: [],
  imports: [],
  replayed: [],
  warnings: [],
} satisfies Partial<Trace>;
