// Plans a giant project, runs it with workers that answer at once, and looks at it after one block has changed, with the
// engine's own modules. Prints one JSON document. Made into one file before it is run; arguments: SIZE ORDER
import { readFileSync } from 'node:fs';
import { createHasher } from '../../src/adapters/hash.ts';
import { judge, openContext, plan, startRun, step } from '../../src/engine/index.ts';
import { afterRun, giantSnapshot } from './project.mjs';
import { Results } from './results.mjs';

const JOBS = 8;
const REQUEST = { target: { kind: 'affected' }, force: false };
const hasher = await createHasher();
const [size, order] = [Number(process.argv[2]), process.argv[3]];

/** Most memory that this process ever had, and has now, bytes. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = name => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return { most: of('VmHWM'), now: of('VmRSS') };
}

function sure(result) {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.value;
}

const since = began => (performance.now() - began) / 1000;

const snapshot = giantSnapshot(size, order);
// What making the project left behind is not part of what is measured: here, and below.
globalThis.gc();
const given = memory().now;
const nothingStored = { traces: () => [], observe: () => null, expand: glob => [glob] };

let began = performance.now();
const context = sure(openContext({ snapshot, world: nothingStored, hasher, now: 0 }));
const planned = sure(plan(context, REQUEST)).runs.length;
const planSeconds = since(began);
const planMemory = memory().most;
if (planned !== size) throw new Error(`${planned} of ${size} blocks are planned`);

globalThis.gc();
const results = new Results(snapshot);
began = performance.now();
let state = sure(startRun(context, { run: 'giant', request: REQUEST, jobs: JOBS }));
const inputs = [{ kind: 'started' }];
let executed = 0;
for (let input = inputs.pop(), turn = 1; input !== undefined; input = inputs.pop(), turn += 1) {
  const stepped = step(state, input);
  state = stepped.state;
  for (const effect of stepped.effects) {
    if (effect.kind === 'finish') executed = effect.report.executed.length;
    if (effect.kind !== 'execute') continue;
    const outcome = { kind: 'stored', trace: results.store(effect.block, effect.key, turn) };
    inputs.push({ kind: 'finished', block: effect.block, key: effect.key, outcome });
  }
}
const runSeconds = since(began);
const runMemory = memory().most;
if (executed !== size) throw new Error(`${executed} of ${size} blocks ran`);

const stored = { ...nothingStored, traces: key => results.find(key) };
// The last block that the file lists of those in the middle of the order: much lies above and below it.
const changed = snapshot.blocks.findIndex(({ number }) => number === size >> 1);
const edited = afterRun(snapshot, results, size >> 1);
began = performance.now();
const reopened = sure(openContext({ snapshot: edited, world: stored, hasher, now: 0 }));
const openSeconds = since(began);
globalThis.gc();
const scope = new Uint8Array(size);
scope[changed] = 1;
began = performance.now();
const one = judge(reopened, { scope })[changed];
const oneSeconds = since(began);
if (one?.state !== 'stale') throw new Error(`the changed block is ${one?.state}`);
began = performance.now();
const stale = judge(reopened).filter(judgement => judgement?.state === 'stale').length;
const allSeconds = since(began);
if (stale !== 1) throw new Error(`${stale} blocks are stale after one changed`);

console.log(
  JSON.stringify({
    edges: snapshot.columns.edges,
    given,
    planSeconds,
    planMemory,
    runSeconds,
    runMemory,
    openSeconds,
    oneSeconds,
    allSeconds,
  }),
);
