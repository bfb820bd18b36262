/** Who answers which call. */
import type { CallHandlers, CallName } from '../../protocol/resident/calls.js';
import { callTable } from '../../protocol/resident/callTable.js';
import { blockCalls } from './blockCalls.js';
import { editCalls } from './editCalls.js';
import { flowCalls } from './flowCalls.js';
import { kernelCalls } from './kernelCalls.js';
import { lookCalls } from './lookCalls.js';
import { projectCalls } from './projectCalls.js';
import { runCalls } from './runCalls.js';
import type { DaemonHost } from './serveHost.js';

export function handlersOf(host: DaemonHost): CallHandlers {
  return {
    ...projectCalls(host),
    ...runCalls(host),
    ...blockCalls(host),
    ...editCalls(host),
    ...lookCalls(host),
    ...flowCalls(host),
    ...kernelCalls(host),
  };
}

/** Checks what comes in, then hands it to who answers. */
export async function carryOutCall(
  handlers: CallHandlers,
  name: CallName,
  parameters: unknown,
): Promise<unknown> {
  // Which parameters belong to which call is known for each name, and lost for all of them together.
  const decoded: unknown = callTable[name].parameters.decode(parameters, 'parameters');
  return (handlers[name] as (given: unknown) => Promise<unknown>)(decoded);
}
