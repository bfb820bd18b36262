/**
 * Every step of writing to the disk, in one list, so that tests can kill the process at each of them:
 * `DAGPY_FAILPOINT=trace.rename:2` ends it with SIGKILL just before the second such step.
 */
export const STEPS = [
  'key.create',
  'key.publish',
  'object.write',
  'object.sync',
  'object.publish',
  'object.syncFolder',
  'trace.write',
  'trace.sync',
  'trace.rename',
  'trace.syncFolder',
  'trace.remove',
  'memory.write',
  'memory.rename',
  'facts.write',
  'facts.rename',
  'verdict.write',
  'verdict.rename',
  'stamps.write',
  'stamps.rename',
  'lock.write',
  'lock.claim',
  'lock.rename',
  'lock.release',
  'outputs.write',
  'outputs.rename',
  'collect.remove',
  'quarantine.rename',
] as const;

export type Step = (typeof STEPS)[number];

const wish = process.env['DAGPY_FAILPOINT'];
let remaining = wish === undefined ? 0 : Number(wish.split(':')[1] ?? 1);
const armed = wish?.split(':')[0];

/** Called just before a step. */
export function atStep(step: Step): void {
  if (armed !== step) return;
  remaining -= 1;
  if (remaining === 0) process.kill(process.pid, 'SIGKILL');
}
