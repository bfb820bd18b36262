/**
 * The standard streams, written to at once. Node's own objects for them load its stream and socket modules, which
 * takes a third as long as starting Node; a run with nothing to do is over before.
 */
import { fstatSync, writeSync } from 'node:fs';

export interface Output {
  readonly isTTY: boolean;
  /** Of a terminal. */
  readonly columns: number | undefined;
  write(text: string): void;
}

/** How long a full pipe that must not be waited for is left alone, milliseconds. */
const PAUSE = 2;

/** Nothing more arrives at the other end. */
const LOST = new Set(['EPIPE', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO']);

let resultLost: string | undefined;

/** Why not all of standard output arrived in the file that it goes to; `undefined`: it did. */
export const lostResult = (): string | undefined => resultLost;

export const standardOutput = (): Output => outputOf(1);
export const standardError = (): Output => outputOf(2);

function outputOf(descriptor: 1 | 2): Output {
  const stream = () => (descriptor === 1 ? process.stdout : process.stderr);
  const isTTY = isTerminal(descriptor);
  let hasReader = true;
  return {
    isTTY,
    get columns() {
      return isTTY ? stream().columns : undefined;
    },
    write(text) {
      if (!hasReader) return;
      try {
        writeWhole(descriptor, Buffer.from(text, 'utf8'));
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (!LOST.has(code)) throw error;
        // As `dagpy status | head`: whoever read has enough, which is no failure of ours. Where a full disk took the rest
        // of it, the work goes on as well; that its result did not arrive is told at the end.
        hasReader = false;
        if (code !== 'EPIPE' && descriptor === 1) resultLost = code;
      }
    },
  };
}

export function isTerminal(descriptor: number): boolean {
  try {
    // Only some devices can be terminals, and only then the module that knows for sure is worth loading.
    const stats = fstatSync(descriptor);
    if (!stats.isCharacterDevice() || isMemoryDevice(stats.rdev)) return false;
  } catch {
    // Closed.
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}

/** `/dev/null` and its kind. */
const isMemoryDevice = (device: number): boolean => process.platform === 'linux' && device >> 8 === 1;

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EBADF') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
