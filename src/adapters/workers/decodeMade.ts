/** What a person's kernel stored: the part of a worker's result that is about values. */
import { list, shape, text } from '../../protocol/decode.js';
import { decodeWithheld } from '../../protocol/traceCodec.js';
import type { JobResult } from '../../protocol/workerMessages.js';
import { decodeStoredComponent } from './decode.js';

export type Made = Pick<JobResult, 'components' | 'withheld' | 'warnings'>;

/** Throws a `DecodeError`. */
export const decodeMade = shape<Made>({
  components: list(decodeStoredComponent),
  withheld: list(decodeWithheld),
  warnings: list(text),
});
