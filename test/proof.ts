/** How much a test tries: little in every run of the tests, much more in `npm run test:long`. */
import { appendFileSync } from 'node:fs';

const times = process.env['DAGPY_LONG'];
export const isLong = times !== undefined;

/** `quick`, and in the long part `long` (times the number after `--times`). */
export const howMany = (quick: number, long: number): number =>
  isLong ? Math.max(quick, Math.round(long * Number(times))) : quick;

/** Tells the long part what was tried, for the table of docs/proof.md; sums of equal `what` are shown. */
export function counted(what: string, count: number): void {
  const file = process.env['DAGPY_LONG_COUNTS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, count })}\n`);
}
