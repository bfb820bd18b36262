/** Who answers which call. */
import type { CallHandlers, CallName } from '../../protocol/resident/calls.js';
import { callTable } from '../../protocol/resident/callTable.js';
import { ProblemError } from '../../protocol/problem.js';
import { editCalls } from './editCalls.js';
import { flowCalls } from './flowCalls.js';
import { kernelCalls } from './kernelCalls.js';
import { projectCalls } from './projectCalls.js';
import { runCalls } from './runCalls.js';
import type { DaemonHost } from './serveHost.js';

export function handlersOf(host: DaemonHost): CallHandlers {
  return {
    ...notYet,
    ...projectCalls(host),
    ...runCalls(host),
    ...editCalls(host),
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

const notAvailable = (): never => {
  throw new ProblemError([
    {
      code: 'not-available',
      message: 'this version of DAGpy does not answer that yet',
      remedy: 'use the command line: dagpy --help',
    },
  ]);
};

const notYet = {
  preview: notAvailable,
  addBlock: notAvailable,
  renameBlock: notAvailable,
  suggest: notAvailable,
  value: notAvailable,
  runs: notAvailable,
  collectCache: notAvailable,
};
