/** What a kernel's Python says about itself: asked once, remembered until the interpreter or its packages change. */
import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { success, type Result } from '../protocol/problem.js';
import { isObject } from './notebooks/outputs.js';
import type { Interpreter, PythonFacts } from './askPython.js';

export type { PythonFacts } from './askPython.js';

/** Raise it when the script asks for more. */
const FACTS_VERSION = 1;

interface Remembered {
  readonly stamp: string;
  readonly folders: readonly string[];
  readonly facts: Omit<PythonFacts, 'folders'>;
}

export interface KnownFacts {
  /** The user's own, outside any project; made when needed. */
  readonly cacheFolder: string;
  digest(text: string): string;
}

export async function pythonFacts(
  interpreter: Interpreter,
  { cacheFolder, digest }: KnownFacts,
): Promise<Result<PythonFacts>> {
  const name = digest(identityOf(interpreter)).slice(0, 32);
  const file = join(cacheFolder, 'kernels', `${name}.json`);
  const known = recall(file);
  if (known && stampOfPython(interpreter.python, known.folders) === known.stamp)
    return success({ ...known.facts, folders: known.folders });
  // Most starts find the answer remembered.
  const { askPython } = await import('./askPython.js');
  const asked = await askPython(interpreter, isFacts);
  if (!asked.ok) return asked;
  const { folders, ...facts } = asked.value;
  const stamp = stampOfPython(interpreter.python, folders);
  if (stamp !== undefined) remember(file, { stamp, folders, facts });
  return success(asked.value);
}

/** All that decides which answers Python gives, but for what is installed. */
function identityOf({ python, flags, env }: Interpreter): string {
  const counting = Object.entries(env).filter(
    ([name]) => name.startsWith('PYTHON') || name === 'LD_LIBRARY_PATH' || name === 'HOME',
  );
  counting.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([FACTS_VERSION, python, flags, counting]);
}

/** Changes with the interpreter, its virtual environment, and whenever a package comes or goes. */
function stampOfPython(python: string, folders: readonly string[]): string | undefined {
  const stamp = (path: string) => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs].join(':') : 'absent';
  };
  try {
    const real = realpathSync(python);
    const config = [join(dirname(python), 'pyvenv.cfg'), join(dirname(dirname(python)), 'pyvenv.cfg')];
    return [real, ...[real, ...config, ...folders].map(stamp)].join(' ');
  } catch {
    return undefined;
  }
}

function recall(file: string): Remembered | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (!isObject(value) || typeof value['stamp'] !== 'string' || !Array.isArray(value['folders']))
      return undefined;
    return isFacts(value['facts']) ? (value as unknown as Remembered) : undefined;
  } catch {
    // Nothing remembered, or nothing usable: asking again is the remedy.
    return undefined;
  }
}

function isFacts(value: unknown): value is Remembered['facts'] {
  const isText = (key: string) => isObject(value) && typeof value[key] === 'string';
  const isTextOrNull = (key: string) => isText(key) || (isObject(value) && value[key] === null);
  return (
    ['version', 'implementation', 'platform', 'prefix'].every(isText) &&
    ['ipython', 'ipykernel'].every(isTextOrNull)
  );
}

function remember(file: string, value: Remembered): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(value));
    renameSync(temporary, file);
  } catch {
    // A cache that can not be written costs a second per run.
  }
}
