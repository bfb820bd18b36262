// Rows of the two tables that do not belong to a workload: what was aimed at, and what is told for its own sake.

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {string} target empty: nothing was aimed at
 * @property {string} measured
 * @property {boolean | undefined} met
 */

/** @param {string} what @param {string} target @param {string} measured @param {boolean} met @returns {Row} */
export const row = (what, target, measured, met) => ({ what, target, measured, met });

/** @param {string} what @param {string} measured @returns {Row} */
export const remark = (what, measured) => ({ what, target: '', measured, met: undefined });
