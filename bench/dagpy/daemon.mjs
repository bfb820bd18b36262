// A daemon of a session's own, and runs that are asked of it as a tab asks.
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CommandFailed } from '../measure.mjs';
import { FIRST_SEED, block } from '../workloads/block.mjs';
import { command, timedRun, writeProject } from './program.mjs';

const SECRET = 'a secret of the benchmarks';
const END_MILLISECONDS = 10_000;

/** What it is warm for: it has run a block that imports what the workloads import. */
const WARM_UP = {
  name: 'warm up',
  seed: FIRST_SEED,
  blocks: [
    block('first', [], 'first = {"rows": len(pd.DataFrame({"x": np.arange(3)}))}', {
      imports: ['import numpy as np', 'import pandas as pd', 'import hashlib', 'import json'],
    }),
    block('second', ['first'], 'second = {"rows": first["rows"]}'),
  ],
};

/**
 * @typedef {object} Daemon
 * @property {number} pid
 * @property {(options?: { jobs?: number }) => Promise<{ seconds: number, events: any[] }>} run what is affected;
 *   events say with `at` how many seconds after asking they came
 * @property {() => Promise<void>} end
 */

/** Starts one that serves a project, and lets it run something else. @param {import('../place.mjs').Place} place @returns {Promise<Daemon>} */
export async function startDaemon(place) {
  const root = join(place.folder, '..');
  const [program, ...args] = command(['serve', '--with-parent', '--json', '--root', root]);
  const child = spawn(program, args, {
    cwd: root,
    env: { ...place.env, DAGPY_SERVE_SECRET: SECRET },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise(resolve => child.on('exit', resolve));
  const lines = createInterface({ input: child.stdout });
  const ready = await Promise.race([new Promise(resolve => lines.once('line', resolve)), ended]);
  if (typeof ready !== 'string') throw new CommandFailed(`dagpy serve ended with ${ready}`);
  const { socket, pid } = JSON.parse(ready);

  const warm = { ...place, folder: join(root, 'warm') };
  writeProject(warm, WARM_UP);
  await timedRun(warm);
  return {
    pid,
    run: options => runThere(socket, place, options),
    async end() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MILLISECONDS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Seconds from asking for a run to hearing that it has ended, and what was heard meanwhile. */
async function runThere(socketPath, { env }, { jobs } = {}) {
  const asked = {
    project: 'project',
    target: { kind: 'affected' },
    environment: env,
    ...(jobs === undefined ? {} : { jobs }),
  };
  const began = process.hrtime.bigint();
  const events = [];
  for await (const line of post(socketPath, '/v1/runs', asked)) {
    if (line.kind === 'event') events.push({ ...line.event, at: secondsSince(began) });
    if (line.kind === 'broken' || line.problems?.length > 0)
      throw new CommandFailed(`a run in the daemon: ${JSON.stringify(line.problems)}`);
    if (line.kind === 'end') return { seconds: secondsSince(began), events };
  }
  throw new CommandFailed('the daemon ended while it ran');
}

const secondsSince = began => Number(process.hrtime.bigint() - began) / 1e9;

/** Lines of JSON that a call is answered with. */
async function* post(socketPath, path, body) {
  const response = await new Promise((resolve, reject) => {
    const headers = { 'X-Dagpy-Secret': SECRET, 'Content-Type': 'application/json' };
    request({ socketPath, path, method: 'POST', headers }, resolve)
      .on('error', reject)
      .end(JSON.stringify(body));
  });
  for await (const line of createInterface({ input: response })) if (line !== '') yield JSON.parse(line);
}
