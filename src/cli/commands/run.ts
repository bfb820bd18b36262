/** `run`: what is known to have nothing to do is answered at once, the rest is loaded when it is needed. */
import type { RunOptions } from '../program.js';
import type { Session } from '../session.js';
import { askedBy, repeat } from './repeat.js';

export async function run(
  session: Session,
  targets: readonly string[],
  options: RunOptions,
): Promise<number> {
  const asked = await askedBy(session, targets, options);
  const again = asked === undefined ? undefined : await repeat(session, asked);
  if (again === undefined) {
    const { execute } = await import('./execute.js');
    return execute(session, targets, options, asked);
  }
  if (options.json === true) session.printJson(again);
  return 0;
}
