// Measurements of this project alone.
import { giant } from '../giant/measure.mjs';
import { jobs } from './jobs.mjs';
import { leafEdit } from './leafEdit.mjs';
import { memory } from './memory.mjs';
import { nothingChanged } from './nothingChanged.mjs';
import { overhead } from './overhead.mjs';
import { restoring } from './restoring.mjs';
import { storing } from './storing.mjs';

/** @typedef {{ repeat: number, scale: number }} Options */

/** @type {Readonly<Record<string, (options: Options) => Promise<import('../rows.mjs').Row[]>>>} */
export const specials = {
  jobs,
  nothing: nothingChanged,
  leaf: leafEdit,
  restoring,
  storing,
  memory,
  overhead,
  giant,
};
