/** Telling whether a process that wrote its identity down still lives, although its number may have been used again. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from './disk.js';

export interface ProcessIdentity {
  readonly host: string;
  /** Changes at every start of the machine; empty: not known. */
  readonly boot: string;
  /** In which space of process numbers (containers have their own); empty: not known. */
  readonly space: string;
  readonly pid: number;
  /** When it started, in a unit of the system's own; empty: not known. */
  readonly started: string;
}

export interface ProcessTable {
  own(): ProcessIdentity;
  /** `false`: certainly gone. A process of another machine or container may always live. */
  mayLive(process: ProcessIdentity): boolean;
}

export const realProcesses: ProcessTable = {
  own: () => ({ ...surroundings(), pid: process.pid, started: startOf(process.pid) }),
  mayLive({ host, boot, space, pid, started }) {
    const here = surroundings();
    if (host !== here.host) return true;
    if (boot !== here.boot) return false;
    if (space !== here.space) return true;
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return false;
    }
    const now = startOf(pid);
    return started === '' || now === '' || started === now;
  },
};

function surroundings(): Omit<ProcessIdentity, 'pid' | 'started'> {
  return {
    host: hostname(),
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: attempt(() => readlinkSync('/proc/self/ns/pid')),
  };
}

function startOf(pid: number): string {
  if (process.platform === 'linux') {
    return attempt(() => {
      const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the command in brackets and may hold anything, so count from its end. Field 22.
      return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    });
  }
  if (process.platform === 'win32') return '';
  return attempt(() =>
    process
      .getBuiltinModule('node:child_process')
      .execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      })
      .trim(),
  );
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
