/** Starts Python on the payload and keeps the end of what it prints, for the message when it fails. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Channel } from './channel.js';

/** How to start the kernelspec's Python. */
export interface PythonCommand {
  /** Absolute path of the interpreter. */
  readonly executable: string;
  /** Flags of the interpreter itself, before the script. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path of the payload folder with `boot.py`. */
  readonly payload: string;
}

const TAIL_BYTES = 8_192;

export interface PythonProcess {
  readonly child: ChildProcess;
  /** The last lines it printed. */
  tail(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export function startPython(
  command: PythonCommand,
  channel: Channel,
  role: 'host' | 'worker' | 'helper',
  job: string,
): PythonProcess {
  const boot = `${command.payload}/boot.py`;
  const args = [
    ...command.flags,
    boot,
    role,
    '--address',
    channel.address,
    ...(job === '' ? [] : ['--job', job]),
  ];
  const child = spawn(command.executable, args, {
    // Its stdin stays open as long as this process lives: its end tells Python that the parent is gone.
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in the terminal reaches the engine alone, which decides what stops and in which order.
    detached: true,
    env: {
      ...command.environment,
      // Order of sets and dicts of strings must not differ between two runs of the same block.
      PYTHONHASHSEED: '0',
      DAGPY_WORKER_SECRET: channel.secret,
    },
  });
  let printed = '';
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString('utf8')).slice(-TAIL_BYTES);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.stdin.on('error', () => undefined);
  const ended = new Promise<{ code: number | null; signal: string | null }>(resolve => {
    child.once('error', error => {
      printed += error.message;
      resolve({ code: null, signal: null });
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return { child, tail: () => printed.trim(), ended };
}

/** Kills a process and, where it leads one, its group. Already gone is fine. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      continue;
    }
  }
}
