// All workloads that a session of scenarios runs on, in the order of the page.
import { analysis } from './analysis.mjs';
import { bigState } from './bigState.mjs';
import { compute } from './compute.mjs';
import { chain, wide } from './small.mjs';

/** @type {Readonly<Record<string, (scale: number) => import('./block.mjs').Workload>>} */
export const workloads = { analysis, wide, chain, compute, 'big state': bigState };
