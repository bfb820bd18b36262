/**
 * The composition root: reads the call, hands the command what it needs, turns the outcome into an exit code. What only
 * some calls need is loaded by those, so that help and a run with nothing to do are over quickly.
 */
import { dirname } from 'node:path';
import { ProblemError } from '../protocol/problem.js';
import { parseCommandLine, type Invocation } from './commandLine/parse.js';
import { describe } from './report.js';
import { lostResult, standardError, standardOutput } from './terminal/output.js';
import { styleFor } from './terminal/style.js';

const WRONG = 2;
const INTERRUPTED = 130;

async function main(words: readonly string[]): Promise<number> {
  try {
    if (words[0] === '__complete') {
      const { answerShell } = await import('./commands/completion.js');
      standardOutput().write(await answerShell(words.slice(1), bundleFolder()));
      return 0;
    }
    const invocation = parseCommandLine(words);
    if (!invocation.ok) throw new ProblemError(invocation.problems);
    return await answer(invocation.value);
  } catch (error) {
    return failed(error, words);
  }
}

async function answer(invocation: Invocation): Promise<number> {
  switch (invocation.kind) {
    case 'version':
      standardOutput().write(`${process.env['DAGPY_VERSION'] ?? 'development'}\n`);
      return 0;
    case 'help': {
      const { helpText } = await import('./commandLine/help.js');
      (invocation.missing ? standardError() : standardOutput()).write(helpText(invocation.topic));
      return invocation.missing ? WRONG : 0;
    }
    case 'former': {
      const { formerProblem } = await import('./commandLine/formerNames.js');
      throw new ProblemError([formerProblem(invocation.command, invocation.words)]);
    }
    case 'call': {
      const { call, directory } = invocation;
      const { carryOut } = await import('./carryOut.js');
      return carryOut(call, directory, bundleFolder());
    }
  }
}

const bundleFolder = (): string => dirname(process.argv[1] ?? '.');

/** Tells what went wrong; expected failures in words, bugs with their stack. */
function failed(error: unknown, words: readonly string[]): number {
  const stderr = standardError();
  if (error instanceof ProblemError) {
    if (words.includes('--json'))
      standardOutput().write(`${JSON.stringify({ problems: error.problems }, null, 2)}\n`);
    const style = styleFor(stderr, process.env);
    for (const problem of error.problems) stderr.write(describe(problem, style));
    // A run that waited for its turn at a daemon, and was taken back.
    return error.problems.every(({ code }) => code === 'cancelled') ? INTERRUPTED : WRONG;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`dagpy: this is a bug, please report it with what follows\n${stack}\n`);
  return WRONG;
}

void main(process.argv.slice(2)).then(code => {
  const lost = lostResult();
  process.exitCode = code === 0 && lost !== undefined ? WRONG : code;
  if (lost !== undefined)
    standardError().write(
      `dagpy: standard output could not be written to the end (${lost})\n  to do: free some space on its disk, then ask again; nothing that ran is lost\n`,
    );
});
