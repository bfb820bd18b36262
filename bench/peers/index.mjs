// The tools that are measured beside this project, each set up as its own manual tells.
import { dvc } from './dvc.mjs';
import { hamilton } from './hamilton.mjs';
import { marimo } from './marimo.mjs';
import { oneNotebook } from './oneNotebook.mjs';
import { papermill } from './papermill.mjs';
import { ploomber } from './ploomber.mjs';
import { snakemake } from './snakemake.mjs';

/**
 * How a tool takes a workload and brings it up to date.
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} about how it is set up, and what it can not do
 * @property {string} environment name of its requirements
 * @property {() => Record<string, string>} [variables] of its processes
 * @property {(place: import('../place.mjs').Place, workload: import('../workloads/block.mjs').Workload, changed: readonly import('../workloads/block.mjs').Block[]) => void} write
 *   the project at first, with all blocks as changed, later what differs
 * @property {(place: import('../place.mjs').Place) => any} [setUp] once, after the first `write`; its time does not count
 * @property {(place: import('../place.mjs').Place, opened: any) => any} [close] ends what `setUp` started
 * @property {(place: import('../place.mjs').Place, workload: import('../workloads/block.mjs').Workload) => string[]} command
 *   what a person types to have everything up to date
 */

/** @type {readonly Tool[]} */
export const peers = [oneNotebook, papermill, ploomber, snakemake, dvc, marimo, hamilton];
