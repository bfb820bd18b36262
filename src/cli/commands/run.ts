/** `run`: what is known to have nothing to do is answered at once, and the rest is loaded only where no daemon does it. */
import { mayBeServed } from '../../adapters/server/runtimeFolders.js';
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
  if (again !== undefined) {
    if (options.json === true) session.printJson(again);
    return 0;
  }
  const runs = options.dryRun !== true && options.check !== true;
  if (runs && mayBeServed(session.around.environment)) {
    const { handOver } = await import('./handOver.js');
    const code = await handOver(session, targets, options, asked);
    if (code !== undefined) return code;
  }
  const { execute } = await import('./execute.js');
  return execute(session, targets, options, asked);
}
