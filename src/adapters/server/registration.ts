/** By which terminal commands find a running daemon: one small file a daemon, readable by its user alone. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, isAbsolute } from 'node:path';
import { count, finite, shape, text, type Decoder } from '../../protocol/decode.js';
import { namesIn } from '../store/disk.js';
import { type ProcessIdentity, realProcesses } from '../store/processes.js';
import { isOwn } from './runtimeFolder.js';
import { runtimeFolders } from './runtimeFolders.js';

export interface Registration extends ProcessIdentity {
  /** Of the interface. */
  readonly version: number;
  /** Version of the program. */
  readonly program: string;
  readonly socket: string;
  readonly secret: string;
  /** Absolute, links followed. */
  readonly root: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

const decodeRegistration: Decoder<Registration> = shape<Registration>({
  version: count,
  program: text,
  socket: text,
  secret: text,
  root: text,
  since: finite,
  host: text,
  boot: text,
  space: text,
  pid: count,
  started: text,
});

const SUFFIX = '.json';

/** @returns takes it away again */
export function register(
  folder: string,
  registration: Omit<Registration, keyof ProcessIdentity>,
): () => void {
  sweep(folder);
  const file = join(folder, `${String(process.pid)}${SUFFIX}`);
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify({ ...registration, ...realProcesses.own() })}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  return () => rmSync(file, { force: true });
}

/** Daemons that live and serve this folder, the one with the nearest root first. */
export function registered(environment: NodeJS.ProcessEnv, folder: string): readonly Registration[] {
  return runtimeFolders(environment)
    .flatMap(readAll)
    .filter(found => isInside(found.root, folder) && realProcesses.mayLive(found))
    .sort((a, b) => b.root.length - a.root.length || b.since - a.since);
}

export function isInside(root: string, path: string): boolean {
  const inside = relative(root, path);
  return inside === '' || !(inside === '..' || /^\.\.[\\/]/.test(inside) || isAbsolute(inside));
}

function readAll(folder: string): readonly Registration[] {
  const files = namesIn(folder).filter(name => name.endsWith(SUFFIX));
  // A folder of somebody else says nothing that can be believed.
  if (files.length === 0 || !isOwn(folder)) return [];
  return files.flatMap(name => {
    try {
      return [decodeRegistration(JSON.parse(readFileSync(join(folder, name), 'utf8')), name)];
    } catch {
      return [];
    }
  });
}

/** Removes what daemons left that ended without a word. */
function sweep(folder: string): void {
  for (const found of readAll(folder)) {
    if (realProcesses.mayLive(found)) continue;
    rmSync(join(folder, `${String(found.pid)}${SUFFIX}`), { force: true });
    if (found.socket.startsWith(folder)) rmSync(found.socket, { force: true });
  }
}
