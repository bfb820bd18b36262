/** Asks a kernel's Python about itself, which takes a second. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
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

export interface Interpreter {
  /** Absolute path. */
  readonly python: string;
  /** Options of Python itself, such as `-Xfrozen_modules=off`. */
  readonly flags: readonly string[];
  readonly env: Environment;
}

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

/** @param isFacts whether it is an answer */
export function askPython(
  { python, flags, env }: Interpreter,
  isFacts: (value: unknown) => boolean,
): Promise<Result<PythonFacts>> {
  return new Promise(resolve => {
    const options = {
      env: env as NodeJS.ProcessEnv,
      timeout: PATIENCE_MS,
      maxBuffer: 2 ** 20,
      cwd: dirname(python),
    };
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
