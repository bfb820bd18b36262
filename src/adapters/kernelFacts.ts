/** What a kernel's Python says about itself: asked once, remembered until the interpreter or its packages change. */
import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { isObject } from './notebooks/outputs.js';
import type { Environment } from './jupyterPaths.js';

export interface PythonFacts {
  /** `3.11.7`. */
  readonly version: string;
  /** `cpython`, `pypy`. */
  readonly implementation: string;
  /** `linux-x86_64`. */
  readonly platform: string;
  readonly prefix: string;
  /** Versions of distributions; `null`: not installed. */
  readonly ipython: string | null;
  readonly ipykernel: string | null;
  /** Where it looks for modules: those of its `sys.path` that are there. */
  readonly folders: readonly string[];
}

/** Raise it when the script asks for more. */
const FACTS_VERSION = 1;
const PATIENCE_MS = 60_000;

const SCRIPT = `
import json, os, platform, sys, sysconfig
from importlib import metadata, util
def version(name, module):
    try:
        if util.find_spec(module) is None:
            return None
        return metadata.version(name)
    except Exception:
        return None
print("dagpy-facts:" + json.dumps({
    "version": platform.python_version(), "implementation": sys.implementation.name,
    "platform": sysconfig.get_platform(), "prefix": sys.prefix,
    "ipython": version("ipython", "IPython"), "ipykernel": version("ipykernel", "ipykernel"),
    "folders": [path for path in sys.path if path and os.path.isdir(path)],
}))
`;

export interface Interpreter {
  /** Absolute path. */
  readonly python: string;
  /** Options of Python itself, such as `-Xfrozen_modules=off`. */
  readonly flags: readonly string[];
  readonly env: Environment;
}

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
  const asked = await ask(interpreter);
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

function ask({ python, flags, env }: Interpreter): Promise<Result<PythonFacts>> {
  return new Promise(resolve => {
    const options = {
      env: env as NodeJS.ProcessEnv,
      timeout: PATIENCE_MS,
      maxBuffer: 2 ** 20,
      cwd: dirname(python),
    };
    // Loaded only here: most starts find the answer remembered.
    const { execFile } = process.getBuiltinModule('node:child_process');
    execFile(python, [...flags, '-c', SCRIPT], options, (error, stdout, stderr) => {
      // A sitecustomize or .pth file may print too.
      const line = stdout.split(/\r?\n/).find(text => text.startsWith('dagpy-facts:'));
      const facts = line === undefined ? undefined : (JSON.parse(line.slice(12)) as PythonFacts);
      resolve(facts && isFacts(facts) ? success(facts) : failure(startProblem(python, error, stderr)));
    });
  });
}

function startProblem(
  python: string,
  error: (Error & { readonly code?: unknown; readonly killed?: boolean }) | null,
  stderr: string,
): Problem {
  const remedy =
    'register the kernel again from a working environment: python -m ipykernel install --user --name NAME';
  if (error?.code === 'ENOENT') {
    return { code: 'kernel-missing-python', message: `the kernel's Python ${python} does not exist`, remedy };
  }
  const last = stderr.trim().split('\n').at(-1);
  const why = error?.killed
    ? `did not answer within ${PATIENCE_MS / 1000} s`
    : last || error?.message || 'gave no answer';
  return {
    code: 'kernel-broken-python',
    message: `the kernel's Python ${python} does not work: ${why}`,
    remedy,
  };
}
