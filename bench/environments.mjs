// Python environments of the tools: made when first needed, from pinned requirements, below build/bench.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, root, run } from '../scripts/tools.mjs';

const folder = join(root, 'build', 'bench', 'environments');
const requirementsOf = name => `bench/peers/requirements/${name}.txt`;
const python = process.env.BENCH_PYTHON ?? 'python3';

/** Folder with the programs of an environment. @param {string} name */
export const programsOf = name => join(folder, name, 'bin');

/** What pip complains of, without its warnings. @param {string} output */
function whyOf(output) {
  const lines = output.trim().split('\n');
  const errors = lines.filter(line => line.startsWith('ERROR'));
  return errors.length > 0 ? errors.join(' ') : (lines.at(-1) ?? 'no reason was given');
}

/**
 * Makes an environment, or finds it made.
 * @param {string} name of a file in `bench/peers/requirements`
 * @returns {Promise<string | undefined>} why it is not there; absent: it is
 */
export async function openEnvironment(name) {
  const place = join(folder, name);
  const stamp = join(place, 'requirements.sha256');
  const wanted = digestOf([requirementsOf('common'), requirementsOf(name)]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  console.error(`bench: installing ${requirementsOf(name)}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const steps = [
    [python, '-m', 'venv', place],
    [join(place, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '-r', join(root, requirementsOf(name))],
  ];
  for (const [command, ...args] of steps) {
    const { code, output } = await run(command, args, { capture: true });
    if (code !== 0) return whyOf(output);
  }
  writeFileSync(stamp, wanted);
  return undefined;
}
