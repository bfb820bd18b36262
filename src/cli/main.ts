/** The composition root: builds the program, hands each command what it needs, turns the outcome into an exit code. */
import { CommanderError } from 'commander';
import { dirname } from 'node:path';
import { ProblemError } from '../protocol/problem.js';
import * as cache from './commands/cache.js';
import * as edit from './commands/edit.js';
import * as inspect from './commands/inspect.js';
import { run } from './commands/run.js';
import { split } from './commands/split.js';
import { surroundings } from './environment.js';
import { createProgram, type Handlers, type Invocation } from './program.js';
import { describe } from './report.js';
import { createSession, type Session } from './session.js';
import { styleFor } from './terminal/style.js';

const WRONG = 2;

function handlersFor(session: Session): Handlers {
  return {
    init: (folder, options) => edit.init(session, folder, options),
    split: (notebook, options) => split(session, notebook, options),
    add: (id, options) => edit.add(session, id, options),
    link: (parent, child, options) => edit.link(session, parent, child, options),
    unlink: (parent, child) => edit.unlink(session, parent, child),
    remove: (id) => edit.remove(session, id),
    filter: (id, names) => edit.filter(session, id, names),
    status: (options) => inspect.status(session, options),
    why: (id, options) => inspect.why(session, id, options),
    run: (targets, options) => run(session, targets, options),
    exports: (id, options) => inspect.listExports(session, id, options),
    value: (id, name) => inspect.value(session, id, name),
    cacheList: (options) => cache.list(session, options),
    cacheCollect: (options) => cache.collect(session, options),
    cacheVerify: (options) => cache.verify(session, options),
    cacheClear: () => cache.clear(session),
  };
}

async function main(): Promise<void> {
  const bundle = process.argv[1] ?? '.';
  const connect = ({ directory }: Invocation): Handlers => handlersFor(createSession(surroundings(dirname(bundle)), directory));
  const program = createProgram(process.env['DAGPY_VERSION'] ?? 'development', connect, (code) => {
    process.exitCode = code;
  });
  program.exitOverride();
  for (const command of program.commands) {
    command.exitOverride();
    for (const below of command.commands) below.exitOverride();
  }
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = failed(error);
  }
}

/** Tells what went wrong; expected failures in words, bugs with their stack. */
function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG;
  const style = styleFor(process.stderr, process.env);
  if (error instanceof ProblemError) {
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ problems: error.problems }, null, 2)}\n`);
    for (const problem of error.problems) process.stderr.write(describe(problem, style));
    return WRONG;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`dagpy: this is a bug, please report it with what follows\n${stack}\n`);
  return WRONG;
}

void main();
