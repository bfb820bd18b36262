// Samples, and how they are shown: medians with the lowest and the highest.

/** @typedef {{ median: number, low: number, high: number, count: number }} Summary */

/** @param {readonly number[]} samples @returns {Summary} */
export function summary(samples) {
  if (samples.length === 0) throw new Error('nothing was measured');
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, low: sorted[0], high: sorted.at(-1), count: sorted.length };
}

/** The ratio of medians, with the lowest and the highest ratio of two samples of one round. @returns {Summary} */
export function ratio(above, below) {
  const rounds = Math.min(above.length, below.length);
  const pairs = above.slice(0, rounds).map((sample, round) => sample / below[round]);
  return { ...summary(pairs), median: summary(above).median / summary(below).median };
}

/** As `ratio`, for a difference. @returns {Summary} */
export function difference(more, less) {
  const rounds = Math.min(more.length, less.length);
  const pairs = more.slice(0, rounds).map((sample, round) => sample - less[round]);
  return { ...summary(pairs), median: summary(more).median - summary(less).median };
}

/** Digits after the point, so that three count. */
const digitsFor = number => (Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2);

/** @param {Summary} summary @param {number} [digits] */
function spread({ median, low, high, count }, digits = digitsFor(median)) {
  const text = number => number.toFixed(digits);
  return count === 1 ? text(median) : `${text(median)} (${text(low)}–${text(high)})`;
}

const scaledBy = ({ median, low, high, count }, factor) => ({
  median: median * factor,
  low: low * factor,
  high: high * factor,
  count,
});

/** @param {Summary} summary of seconds */
export const inSeconds = summary => `${spread(summary)} s`;
/** @param {Summary} summary of seconds */
export const inMilliseconds = summary => `${spread(scaledBy(summary, 1000))} ms`;
/** @param {Summary} summary of bytes */
export const inMegabytes = summary => `${spread(scaledBy(summary, 1e-6))} MB`;
/** @param {Summary} summary of parts of one */
export const inPercent = summary => `${spread(scaledBy(summary, 100), 1)} %`;
/** @param {Summary} summary */
export const asRatio = summary => `${spread(summary)}×`;
