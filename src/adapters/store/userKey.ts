/** The key that tells this user's own traces from those that came with a clone. It never lies in a project. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ProblemError } from '../../protocol/problem.js';
import type { BytesHasher } from '../hash.js';
import { errorCode, isAbsent, uniqueName } from './disk.js';
import { atStep } from './failpoints.js';

const KEY_BYTES = 32;
const SHORTEST_SHARED = 16;

export interface UserKey {
  /** 16 hexadecimal digits: names the key without giving it away. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * The key of `DAGPY_CACHE_KEY` (a team's), or the user's own, made at first use in `<data folder>/cache-key`.
 * Throws a `ProblemError` where there is none and none can be made.
 */
export function loadUserKey(hasher: BytesHasher, dataFolder: string, shared: string | undefined): UserKey {
  if (shared && shared.length < SHORTEST_SHARED) {
    throw new ProblemError([
      {
        code: 'cache-key',
        message: `DAGPY_CACHE_KEY has fewer than ${SHORTEST_SHARED} characters, so others could guess it`,
        remedy: 'set it to a long random secret, such as the output of: openssl rand -hex 32',
      },
    ]);
  }
  const secret = shared
    ? bytesOf(hasher.digest(`dagpy cache key\0${shared}`))
    : ownSecret(join(dataFolder, 'cache-key'));
  return { id: hasher.digestBytes(Buffer.from('dagpy key id\0'), secret).slice(0, 16), secret };
}

const bytesOf = (digest: string): Uint8Array => Uint8Array.from(Buffer.from(digest, 'hex'));

function ownSecret(file: string): Uint8Array {
  try {
    return readSecret(file);
  } catch (error) {
    if (!isAbsent(error)) throw explained(error, file);
  }
  try {
    createSecret(file);
    return readSecret(file);
  } catch (error) {
    throw explained(error, file);
  }
}

function readSecret(file: string): Uint8Array {
  const secret = readFileSync(file);
  if (secret.length !== KEY_BYTES) {
    throw new ProblemError([
      {
        code: 'cache-key',
        message: `${file} is not a cache key: it has ${secret.length} bytes rather than ${KEY_BYTES}`,
        file,
        remedy:
          'put the right file back, or remove it: a new key is made, and stored results are computed anew',
      },
    ]);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  return Uint8Array.from(secret);
}

/** Whoever links first wins; everybody reads what won. */
function createSecret(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${uniqueName()}`;
  atStep('key.create');
  const descriptor = openSync(unfinished, 'wx', 0o600);
  try {
    // Loaded only here: most starts find a key.
    writeSync(descriptor, process.getBuiltinModule('node:crypto').randomBytes(KEY_BYTES));
    fsyncSync(descriptor);
    atStep('key.publish');
    linkSync(unfinished, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    closeSync(descriptor);
    rmSync(unfinished, { force: true });
  }
}

function explained(error: unknown, file: string): unknown {
  if (error instanceof ProblemError || errorCode(error) === undefined) return error;
  return new ProblemError([
    {
      code: 'cache-key',
      message: `no cache key: ${error instanceof Error ? error.message : String(error)}`,
      file,
      remedy:
        'make that folder writable and private to you, point XDG_DATA_HOME elsewhere, or set DAGPY_CACHE_KEY to a long secret',
    },
  ]);
}
