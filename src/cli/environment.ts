/** What the command line finds around itself: folders, interpreters, streams. Read once, handed on. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { ProblemError } from '../protocol/problem.js';
import { userFolders, type UserFolders } from '../adapters/store/layout.js';
import { standardError, standardOutput, type Output } from './terminal/output.js';

export interface Surroundings {
  /** Folder that relative paths of the call start from. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly user: UserFolders;
  readonly cores: number;
  /** Python of DAGpy's own environment; throws a `ProblemError` where none is found. */
  python(): string;
  /** The program that is running. */
  readonly bundle: string;
  /** Folder of the payload that runs in kernels' Pythons. */
  payload(): string;
  /** Workers are forked from a warm host, or (`DAGPY_START=spawn`) each started on its own. */
  readonly start: 'fork' | 'spawn';
}

export function surroundings(bundleFolder: string): Surroundings {
  const environment = process.env;
  return {
    cwd: process.cwd(),
    environment,
    stdout: standardOutput(),
    stderr: standardError(),
    user: userFolders(environment),
    cores: availableParallelism(),
    python: () => ownPython(environment),
    bundle: join(bundleFolder, 'engine.cjs'),
    payload: () => environment['DAGPY_PAYLOAD'] ?? resolve(bundleFolder, '..', 'worker'),
    start: environment['DAGPY_START'] === 'spawn' ? 'spawn' : 'fork',
  };
}

/** The launcher says which; a bundle started by hand takes the active virtual environment, then the first on the path. */
export function ownPython(environment: NodeJS.ProcessEnv): string {
  const said = environment['DAGPY_PYTHON'];
  if (said !== undefined && said !== '') return said;
  const names = process.platform === 'win32' ? ['python.exe'] : ['python3', 'python'];
  const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
  const active = environment['VIRTUAL_ENV'];
  const folders = [
    ...(active === undefined ? [] : [join(active, bin)]),
    ...(environment['PATH'] ?? '').split(process.platform === 'win32' ? ';' : ':'),
  ];
  for (const folder of folders) {
    for (const name of names) if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  }
  throw new ProblemError([
    {
      code: 'no-python',
      message: 'no Python was found',
      remedy: 'set DAGPY_PYTHON to the Python that jupyterlab-dagpy is installed in',
    },
  ]);
}

/** Variables that are set, as a child process takes them. */
export function definedOnly(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) defined[name] = value;
  return defined;
}
