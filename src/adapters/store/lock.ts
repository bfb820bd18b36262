/**
 * One writer a project: a lease in `.dagpy/locks/project.json` that names its holder well enough to see that it is gone.
 *
 *   free ──link──► held ──release──► free
 *                   │ holder gone: link `<its token>.taken` (one wins), look again, rename own lease over it
 *                   └──────────────► held by the next
 *
 * A taker that dies half-way leaves its `.taken` file; that is a lease too, taken over in the same way.
 */
import { linkSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectLock } from '../../engine/storePorts.js';
import { DecodeError, count, finite, form, shape, text, type Decoder } from '../../protocol/decode.js';
import type { Problem } from '../../protocol/problem.js';
import { ProblemError } from '../../protocol/problem.js';
import type { Disk } from './disk.js';
import { errorCode, explaining, isAbsent, namesIn, realDisk, uniqueName, writeAll } from './disk.js';
import { atStep } from './failpoints.js';
import type { StoreLayout } from './layout.js';
import type { ProcessIdentity, ProcessTable } from './processes.js';
import { realProcesses } from './processes.js';

export interface Lease extends ProcessIdentity {
  readonly token: string;
  /** What it was started as, such as `dagpy run`. */
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Milliseconds since the epoch, as far as calendars go. */
const moment: Decoder<number> = (data, place) => {
  const time = finite(data, place);
  if (Number.isNaN(new Date(time).getTime())) throw new DecodeError(`${place}: a time expected`);
  return time;
};

const decodeLease = shape<Lease>({
  token: form(/^[A-Za-z0-9-]{1,80}$/, 'a token'),
  command: text,
  since: moment,
  host: text,
  boot: text,
  space: text,
  pid: count,
  started: text,
});

export interface LockOptions {
  readonly layout: StoreLayout;
  readonly command: string;
  readonly disk?: Disk;
  readonly processes?: ProcessTable;
}

/** Tries before a file that keeps changing under us counts as someone else's. */
const MOST_TRIES = 50;

/** Throws a `ProblemError`: code `locked` says who holds it. */
export function lockProject({
  layout,
  command,
  disk = realDisk,
  processes = realProcesses,
}: LockOptions): ProjectLock {
  const file = join(layout.locks, 'project.json');
  const lease: Lease = {
    ...processes.own(),
    token: uniqueName().replaceAll(/[^A-Za-z0-9-]/g, ''),
    command,
    since: Date.now(),
  };
  const own = join(layout.locks, `${lease.token}.lease`);
  return explaining(file, layout.project, () => {
    atStep('lock.write');
    try {
      const descriptor = disk.open(own, 'wx');
      try {
        writeAll(disk, descriptor, Buffer.from(`${JSON.stringify(lease)}\n`, 'utf8'));
      } finally {
        disk.close(descriptor);
      }
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        atStep('lock.claim');
        if (link(own, file)) return held(layout.locks, file, lease, processes);
        const chain = leases(layout.locks, file);
        const holder = chain.at(-1);
        if (holder === undefined) continue;
        if (holder === 'unreadable') throw new ProblemError([unreadable(file)]);
        if (processes.mayLive(holder)) throw new ProblemError([locked(holder, processes.own())]);
        if (takeOver(layout.locks, file, own, chain.map(tokenOf), disk)) {
          return held(layout.locks, file, lease, processes);
        }
      }
      throw new ProblemError([unreadable(file)]);
    } finally {
      rmSync(own, { force: true });
    }
  });
}

const taken = (locks: string, token: string): string => join(locks, `${token}.taken`);

const tokenOf = (lease: Lease | 'unreadable'): string => (lease === 'unreadable' ? '' : lease.token);

/** `false`: something is there already. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The lease in the file, whoever began to take it over, whoever began to take that over … */
function leases(locks: string, file: string): readonly (Lease | 'unreadable')[] {
  const chain: (Lease | 'unreadable')[] = [];
  for (let path = file; chain.length < MOST_TRIES;) {
    const lease = read(path);
    if (lease === 'absent') break;
    chain.push(lease);
    if (lease === 'unreadable') break;
    path = taken(locks, lease.token);
  }
  return chain;
}

function read(path: string): Lease | 'absent' | 'unreadable' {
  try {
    return decodeLease(JSON.parse(readFileSync(path, 'utf8')), 'lease');
  } catch (error) {
    return isAbsent(error) ? 'absent' : 'unreadable';
  }
}

/** The `.taken` file of the last lease is a mutex among takers; what was read before holding it is read again. */
function takeOver(locks: string, file: string, own: string, chain: readonly string[], disk: Disk): boolean {
  const mutex = taken(locks, chain.at(-1) ?? '');
  if (!link(own, mutex)) return false;
  const now = leases(locks, file).slice(0, -1).map(tokenOf);
  if (now.join('\n') !== chain.join('\n')) {
    rmSync(mutex, { force: true });
    return false;
  }
  atStep('lock.rename');
  disk.rename(own, file);
  for (const token of chain) rmSync(taken(locks, token), { force: true });
  return true;
}

function held(locks: string, file: string, { token }: Lease, processes: ProcessTable): ProjectLock {
  sweep(locks, processes);
  const release = (): void => {
    process.off('exit', release);
    atStep('lock.release');
    // Only one's own: a person may have removed the file and somebody else come in.
    const lease = read(file);
    if (typeof lease !== 'object' || lease.token !== token) return;
    try {
      rmSync(file, { force: true });
    } catch {
      // The disk went read-only or away: whoever comes next sees that this process is gone.
    }
  };
  process.once('exit', release);
  return { release };
}

/** Removes what processes that died while they took the lock left behind; only its holder may. */
function sweep(locks: string, processes: ProcessTable): void {
  for (const name of namesIn(locks)) {
    if (!/\.(lease|taken)$/.test(name)) continue;
    const lease = read(join(locks, name));
    if (typeof lease === 'object' && !processes.mayLive(lease)) rmSync(join(locks, name), { force: true });
  }
}

function locked(holder: Lease, own: ProcessIdentity): Problem {
  const since = new Date(holder.since).toISOString().slice(0, 19).replace('T', ' ');
  const here = holder.host === own.host;
  return {
    code: 'locked',
    message: `this project is in use by \`${holder.command}\` (process ${holder.pid} on ${here ? 'this machine' : holder.host}, since ${since} UTC)`,
    file: '.dagpy/locks/project.json',
    remedy:
      here && holder.space === own.space
        ? `wait until it has finished, or stop it: kill ${holder.pid}`
        : `wait until it has finished; if ${here ? 'its container' : holder.host} is switched off, remove .dagpy/locks/project.json`,
  };
}

function unreadable(file: string): Problem {
  return {
    code: 'locked',
    message: `can not tell who uses this project: ${file} is not understood`,
    file: '.dagpy/locks/project.json',
    remedy: 'if no dagpy runs on this project, remove that file',
  };
}
