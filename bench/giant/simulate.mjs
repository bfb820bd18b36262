// Plans a giant project, runs it with workers that answer at once, and looks at it after one block has changed, with the
// engine's own modules. Prints one JSON document. Made into one file before it is run; arguments: SIZE ORDER
import { readFileSync, writeFileSync } from 'node:fs';
import { createHasher } from '../../src/adapters/hash.ts';
import { judge, openContext, plan, startRun, step } from '../../src/engine/index.ts';
import { afterRun, giantSnapshot } from './project.mjs';
import { Results } from './results.mjs';

const JOBS = 8;
const REQUEST = { target: { kind: 'affected' }, force: false };
const hasher = await createHasher();
const [size, order] = [Number(process.argv[2]), process.argv[3]];

/** Gives back what making a project or planning left behind: that is not part of what is measured next. */
function tidy() {
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  // From here on the most counts anew.
  writeFileSync('/proc/self/clear_refs', '5');
}

/** Most memory that this process had since it was tidied last, and has now, bytes. */
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

const outside = { observe: () => null, expand: glob => [glob] };
/** @param {any} snapshot @param {(key: string) => readonly unknown[]} traces what is stored under a key */
const opened = (snapshot, traces) =>
  sure(openContext({ snapshot, world: { ...outside, traces }, hasher, now: 0 }));

/** Plans a project that never ran. */
function planned(snapshot) {
  const began = performance.now();
  const context = opened(snapshot, () => []);
  const count = sure(plan(context, REQUEST)).runs.length;
  const planSeconds = since(began);
  if (count !== size) throw new Error(`${count} of ${size} blocks are planned`);
  return { context, planSeconds, planMemory: memory().most };
}

/** Runs it; what each block's worker makes differs from all others. */
function ran(context) {
  const results = new Results(context.project.snapshot);
  const began = performance.now();
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
  if (executed !== size) throw new Error(`${executed} of ${size} blocks ran`);
  return { results, runSeconds, runMemory: memory().most };
}

/** What a run takes that does nothing but look at each block and its parents' values, make its key and store an answer. */
function least({ blocks, columns }) {
  const results = new Results({ columns, environment: '' });
  const began = performance.now();
  let turn = 1;
  // In the order of the numbers, in which parents come first.
  const places = new Int32Array(size);
  blocks.forEach(({ number }, at) => (places[number] = at));
  for (const at of places) {
    const block = blocks[at];
    const [cell] = block.cells;
    const inputs = block.parents.map((_, edge) => results.exportOf(columns.parentsOf(block.number)[edge]));
    const read = cell.loads.map((name, edge) => `${name} ${inputs[edge].digest} ${name}`);
    const key = hasher.digest(`${block.uid} ${cell.digest} ${cell.digest} ${read.join(' ')}`);
    results.store(block.id, key, turn++);
  }
  return { leastSeconds: since(began) };
}

/** Looks at one block whose code changed after the run, then at all. */
function looked(edited, place, results) {
  let began = performance.now();
  const context = opened(edited, key => results.find(key));
  const openSeconds = since(began);
  tidy();
  const scope = new Uint8Array(size);
  scope[place] = 1;
  began = performance.now();
  const one = judge(context, { scope })[place];
  const oneSeconds = since(began);
  if (one?.state !== 'stale') throw new Error(`the changed block is ${one?.state}`);
  began = performance.now();
  const stale = judge(context).filter(judgement => judgement?.state === 'stale').length;
  const allSeconds = since(began);
  if (stale !== 1) throw new Error(`${stale} blocks are stale after one changed`);
  return { openSeconds, oneSeconds, allSeconds };
}

/** @param {any} snapshot */
function told(snapshot) {
  tidy();
  const given = memory().now;
  const { context, ...plan } = planned(snapshot);
  tidy();
  const { results, ...run } = ran(context);
  return { results, figures: { edges: snapshot.columns.edges, given, ...plan, ...run, ...least(snapshot) } };
}

let snapshot = giantSnapshot(size, order);
const { results, figures } = told(snapshot);
// The last block that the file lists of those in the middle of the order: much lies above and below it.
const middle = size >> 1;
const place = snapshot.blocks.findIndex(({ number }) => number === middle);
snapshot = afterRun(snapshot, results, middle);
console.log(JSON.stringify({ ...figures, ...looked(snapshot, place, results) }));
