/** Workers as a run has them: real processes, forked from a host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Peer } from '../../src/adapters/workers/channel.js';
import { Job } from '../../src/adapters/workers/job.js';
import { createPool } from '../../src/adapters/workers/pool.js';
import type { Workers } from '../../src/engine/runPorts.js';
import type { JobSpec } from '../../src/protocol/workerMessages.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = mkdtempSync(join(tmpdir(), 'dagpy-workers-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const command = {
  executable: join(root, '.venv', 'bin', 'python'),
  flags: [],
  environment: Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
  payload: join(root, 'jupyterlab_dagpy', 'worker'),
};

function specOf(job: string, source: string): JobSpec {
  const scratch = join(folder, job);
  mkdirSync(scratch);
  return {
    type: 'execute',
    job,
    block: 'b',
    uid: 'u',
    project: folder,
    cwd: folder,
    segments: [
      {
        role: 'main',
        block: 'b',
        notebook: 'b.ipynb',
        inputs: [],
        live: [],
        setting: null,
        cells: [{ ordinal: 0, id: 'c', place: 1, source, raises: false }],
      },
    ],
    parameters: {},
    ambient: {},
    seed: null,
    keep: { filter: 'auto', wanted: [], smallBytes: 1000 },
    objects: join(folder, 'objects'),
    early: {},
    scratch,
    outputs: [],
    hints: {},
    hold: false,
  };
}

/** Runs a cell; what it printed. */
async function printed(workers: Workers, job: string, source: string): Promise<string> {
  let text = '';
  const running = workers.start(specOf(job, source), { bare: false }, message => {
    if (message.type === 'output' && message.output.output_type === 'stream') text += message.output.text;
  });
  const end = await running.end;
  assert.ok(end.kind === 'finished' && end.result.status === 'ok', JSON.stringify(end));
  return text.trim();
}

const PROCESSES = 'import os; print(os.getpid(), os.getppid())';

async function processes(workers: Workers, job: string): Promise<readonly [worker: number, host: number]> {
  const [worker, host] = (await printed(workers, job, PROCESSES)).split(' ').map(Number);
  return [worker!, host!];
}

/** Parent of a process; `undefined`: it has ended. */
function parentOf(pid: number): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

const childrenOf = (host: number): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && parentOf(pid) === host);

/** The one worker that waits, once there is one and the last one has left. */
async function waiting(host: number, last: number): Promise<number> {
  for (let turn = 0; turn < 600; turn += 1) {
    const found = childrenOf(host);
    if (found.length === 1 && found[0] !== last) {
      // It says hello right after it was forked.
      await pause(300);
      return found[0]!;
    }
    await pause(50);
  }
  throw new Error('no worker was forked ahead');
}

test(
  'the worker of the next job is there before it, one at a time, and whoever kills it delays nothing',
  { skip: process.platform !== 'linux' && 'only Linux forks' },
  async () => {
    const workers = createPool({ command, start: 'fork' });
    try {
      const [first, host] = await processes(workers, 'first');
      assert.equal(workers.counts().forks, 1);
      const second = await waiting(host, first);
      assert.equal(workers.counts().forks, 1, 'it counts when a job takes it');
      assert.deepEqual(await processes(workers, 'second'), [second, host]);
      assert.equal(workers.counts().forks, 2);

      const killed = await waiting(host, second);
      process.kill(killed, 'SIGKILL');
      await pause(300);
      const [third] = await processes(workers, 'third');
      assert.notEqual(third, killed);

      // One that lacks what was imported since is of no use.
      const old = await waiting(host, third);
      workers.preimport(['email.mime.audio']);
      const seen = 'import os, sys; print(os.getpid(), "email.mime.audio" in sys.modules)';
      const [fourth, has] = (await printed(workers, 'fourth', seen)).split(' ');
      assert.notEqual(Number(fourth), old);
      assert.equal(has, 'True');

      await waiting(host, Number(fourth));
      assert.deepEqual(workers.counts(), { processes: 1, forks: 4 });
    } finally {
      await workers.close();
    }
  },
);

test(
  'a worker that was there beforehand and is killed as it takes its job costs the block nothing',
  { skip: process.platform !== 'linux' && 'only Linux forks' },
  async () => {
    const workers = createPool({ command, start: 'fork' });
    try {
      const [first, host] = await processes(workers, 'before');
      const taken = await waiting(host, first);
      process.kill(taken, 'SIGSTOP');
      const ended = processes(workers, 'taken');
      // By now the job was sent to it.
      await pause(300);
      process.kill(taken, 'SIGKILL');
      const [worker] = await ended;
      assert.notEqual(worker, taken);
    } finally {
      await workers.close();
    }
  },
);

/** A worker's connection of which the test decides what is heard, and when. */
function connection() {
  // Of a process that has ended, so that signals reach nobody.
  const { pid } = spawnSync('true');
  let hear: (message: unknown) => void = () => undefined;
  let close: () => void = () => undefined;
  const peer: Peer = {
    hello: { type: 'hello', protocol: 0, secret: '', role: 'worker', pid, job: 'j' },
    send: () => undefined,
    onMessage: listener => (hear = listener),
    onClose: listener => (close = listener),
    close: () => undefined,
  };
  return { peer, hear: (message: unknown) => hear(message), close: () => close() };
}

test('a job goes to another worker only if the one that ended never took it, whatever is heard of first', async () => {
  const told = async (act: (job: Job, worker: ReturnType<typeof connection>, again: () => void) => void) => {
    const job = new Job(
      specOf(`told-${String(Math.random())}`, ''),
      () => undefined,
      () => undefined,
    );
    const worker = connection();
    job.attach(worker.peer);
    let anew = 0;
    act(job, worker, () => (anew += 1));
    const end = await Promise.race([job.end, pause(50)]);
    return [anew, end?.kind];
  };
  const begun = { type: 'begun' };
  const once = await told((job, { close }, again) => {
    job.died(1, null, '', again);
    close();
  });
  assert.deepEqual(once, [1, undefined]);
  const closedBefore = await told((job, { close }, again) => {
    close();
    job.died(1, null, '', again);
  });
  assert.deepEqual(closedBefore, [1, undefined]);
  const heardLater = await told((job, { hear, close }, again) => {
    job.died(3, null, '', again);
    hear(begun);
    close();
  });
  assert.deepEqual(heardLater, [0, 'died']);
  const heardBefore = await told((job, { hear, close }, again) => {
    hear(begun);
    job.died(3, null, '', again);
    close();
  });
  assert.deepEqual(heardBefore, [0, 'died']);
  const unwanted = await told((job, { close }, again) => {
    job.interrupt();
    job.died(null, 'SIGINT', '', again);
    close();
  });
  assert.deepEqual(unwanted, [0, 'died']);
});

test('a pool that ends leaves no worker behind', { skip: process.platform !== 'linux' }, async () => {
  const workers = createPool({ command, start: 'fork' });
  const [worker, host] = await processes(workers, 'only');
  const spare = await waiting(host, worker);
  await workers.close();
  await pause(300);
  assert.deepEqual([worker, host, spare].map(parentOf), [undefined, undefined, undefined]);
});
