/** One law a test, on small graphs of toy blocks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isSessionWanted,
  judge,
  plan,
  sessionFor,
  startRun,
  step,
  stateOf,
  type Effect,
  type ExecuteEffect,
  type HeldSession,
  type RunInput,
  type RunRequest,
  type RunState,
} from '../../src/engine/index.js';
import { blockId, runId } from '../../src/protocol/ids.js';
import { Bench } from './toy/bench.js';
import type { Trace } from '../../src/protocol/trace.js';
import { sha, type Statement } from './toy/language.js';
import type { ToyBlock, ToyProject } from './toy/project.js';

const affected: RunRequest = { target: { kind: 'affected' }, force: false };
const ids = (...selectors: string[]): RunRequest => ({
  target: { kind: 'ids', selectors, reach: 'needs' },
  force: false,
});
const reaching = (reach: 'only' | 'upstream' | 'downstream', ...selectors: string[]): RunRequest => ({
  target: { kind: 'ids', selectors, reach },
  force: false,
});

const block = (statements: readonly Statement[], ...parents: number[]): ToyBlock => ({
  cells: [{ comment: '', statements }],
  parents: parents.map(parent => ({ parent })),
  filter: { kind: 'auto' },
});
const literal = (name: string, value: number | string): Statement => ({ op: 'literal', name, value });
const sum = (name: string, ...of: string[]): Statement => ({ op: 'sum', name, of });
const projectOf = (...blocks: ToyBlock[]): ToyProject => ({
  blocks,
  parameters: new Map([['p', 5]]),
  files: new Map([['f.csv', '1']]),
});

//   b0 ── b1 ── b3
//     \         /
//      b2 ─────      b2 reads the parity of x0 only
const diamond = projectOf(
  block([literal('x0', 1)]),
  block([sum('x1', 'x0')], 0),
  block([{ op: 'parity', name: 'x2', of: 'x0' }], 0),
  block([sum('x3', 'x1', 'x2')], 1, 2),
);

function changed(project: ToyProject, index: number, change: Partial<ToyBlock>): ToyProject {
  return {
    ...project,
    blocks: project.blocks.map((each, place) => (place === index ? { ...each, ...change } : each)),
  };
}
const coded = (project: ToyProject, index: number, ...statements: Statement[]) =>
  changed(project, index, { cells: [{ comment: '', statements }] });

const states = (bench: Bench) =>
  judge(bench.context())
    .map(judgement => judgement?.state)
    .join(' ');
const reasons = (bench: Bench, index: number) =>
  judge(bench.context())[index]!.reasons.map(({ detail }) => detail);

function ranBench(project: ToyProject): Bench {
  const bench = new Bench(project);
  bench.run();
  return bench;
}

test('states before and after a run', () => {
  const bench = new Bench(diamond);
  assert.equal(states(bench), 'never never never never');
  assert.deepEqual(bench.run().report, {
    run: 'r1',
    target: ['b0', 'b1', 'b2', 'b3'],
    executed: ['b0', 'b1', 'b2', 'b3'],
    restored: [],
    fresh: [],
    replayed: [],
    failed: [],
    blocked: [],
    cancelled: [],
  });
  assert.equal(states(bench), 'fresh fresh fresh fresh');
});

test('an edit makes its block stale and what is below affected; what comes out equal cuts it off', () => {
  const bench = ranBench(diamond);
  bench.project = coded(diamond, 0, literal('x0', 3));
  assert.equal(states(bench), 'stale affected affected affected');
  assert.deepEqual(reasons(bench, 0), ['cell 1 changed']);
  assert.deepEqual(reasons(bench, 3), ['waits for b1, b2']);
  const { report } = bench.run();
  assert.deepEqual([report.executed, report.fresh], [['b0', 'b1', 'b2', 'b3'], []]);
  // b2 gives the same parity, so of a child of b2 alone nothing would run: undo brings all back without running.
  bench.project = diamond;
  assert.equal(states(bench), 'fresh fresh fresh fresh');
  const undone = bench.run();
  assert.deepEqual([undone.report.executed, undone.report.restored], [[], ['b0', 'b1', 'b2', 'b3']]);
});

test('early cutoff: a value-preserving edit runs one block', () => {
  const bench = ranBench(diamond);
  bench.project = coded(diamond, 1, sum('x1', 'x0'), literal('unused', 1));
  const { report } = bench.run();
  assert.deepEqual([report.executed, report.fresh], [['b1'], ['b0', 'b2', 'b3']]);
});

test('reasons name the cell, the input, the file, the parameter, what the filter asks for', () => {
  const project = projectOf(
    block([{ op: 'file', name: 'x0', path: 'f.csv' }]),
    block([sum('x1', 'x0', 'p')], 0),
    changed(projectOf(block([{ op: 'big', name: 'y2', value: 1 }, literal('x2', 1)])), 0, {
      filter: { kind: 'names', patterns: ['x2'] },
    }).blocks[0]!,
  );
  const bench = ranBench(project);
  bench.project = { ...project, files: new Map([['f.csv', '2']]) };
  assert.deepEqual(reasons(bench, 0), ['file f.csv changed']);
  bench.project = { ...project, files: new Map() };
  assert.deepEqual(reasons(bench, 0), ['file f.csv is gone']);
  bench.project = { ...project, parameters: new Map([['p', 6]]) };
  assert.deepEqual(reasons(bench, 1), ['parameter p changed']);
  bench.project = changed(project, 2, { filter: { kind: 'names', patterns: ['y2'] } });
  assert.deepEqual(reasons(bench, 2), ['filter now asks for y2']);
  bench.project = coded(project, 0, literal('x0', 9));
  bench.run(ids('b0'));
  assert.deepEqual(reasons(bench, 1), ['input x0 of b0 changed']);
  bench.traces.delete(0);
  assert.deepEqual(reasons(bench, 0), ['its stored result is gone']);
});

test('a failed block blocks what is below it and nothing else, and runs again each time', () => {
  const project = projectOf(
    block([literal('x0', 1)]),
    block([sum('x1', 'nothing')], 0),
    block([sum('x2', 'x1')], 1),
    block([sum('x3', 'x0')], 0),
  );
  const bench = new Bench(project);
  const { report } = bench.run();
  assert.deepEqual([report.executed, report.failed, report.blocked], [['b0', 'b3'], ['b1'], ['b2']]);
  assert.equal(states(bench), 'fresh failed blocked fresh');
  assert.deepEqual(
    bench.run().started.map(({ block }) => block),
    ['b1'],
  );
});

test('a block below one that fails says once whom it waits for', () => {
  const project = projectOf(
    block([literal('x0', 1)]),
    block([sum('x1', 'x0')], 0),
    block([sum('x2', 'x0', 'x1')], 0, 1),
  );
  const bench = ranBench(project);
  bench.project = coded(project, 1, sum('x1', 'nothing'));
  bench.run();
  assert.equal(states(bench), 'fresh failed blocked');
  assert.deepEqual(reasons(bench, 2), ['waits for b1']);
});

test('cells are named by where they stand now, removed ones by what they followed', () => {
  const cells = (...values: number[]) =>
    changed(diamond, 0, {
      cells: values.map(value => ({ comment: '', statements: [literal(`x${value}`, value)] })),
    });
  const bench = ranBench(cells(0, 1, 2, 3));
  const after = (...values: number[]) => {
    bench.project = cells(...values);
    return reasons(bench, 0).join(', ');
  };
  assert.equal(after(0, 9, 2, 3), 'cell 2 changed');
  assert.equal(after(0, 1, 2, 8, 9, 3), 'cell 4 is new, cell 5 is new');
  assert.equal(after(0, 1, 3), 'a cell was removed after cell 2');
  assert.equal(after(9, 3), 'cell 1 changed, 2 cells were removed after cell 1');
  assert.equal(after(2, 3), '2 cells were removed at the start');
});

test('hints say who makes a missing name', () => {
  const project = projectOf(block([literal('df', 1)]), block([sum('x1', 'df')]));
  const bench = new Bench(project);
  const hints = bench.run().started.find(({ block }) => block === 'b1')!.hints;
  assert.equal(hints.get('df'), 'df is made by b0, which is not a parent of b1: dagpy link b0 b1');
});

test('two parents with one name: equal values agree, a descendant wins, else both are named', () => {
  const pair = (a: number, b: number, ...parentsOfSecond: number[]) =>
    projectOf(
      block([literal('s', a)]),
      block([literal('s', b)], ...parentsOfSecond),
      block([{ op: 'show', of: 's' }], 0, 1),
    );
  assert.equal(ranBench(pair(1, 1)).shown(2), '1');
  assert.equal(ranBench(pair(1, 2, 0)).shown(2), '2');
  const { report, problems } = new Bench(pair(1, 2)).run();
  assert.deepEqual(report.failed, ['b2']);
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message]),
    [['name-conflict', 'b2 gets s from both b0 and b1, and the values differ']],
  );
});

test('a value that can not be stored is made again for who reads it, in its own process', () => {
  const project = projectOf(
    block([{ op: 'lock', name: 'x0' }, literal('y0', 1)]),
    block([sum('x1', 'x0')], 0),
    block([sum('x2', 'y0')], 0),
  );
  const bench = new Bench(project);
  const { report, started } = bench.run();
  assert.deepEqual([report.executed, report.replayed, report.failed], [['b0', 'b1', 'b2'], ['b0'], []]);
  const [live] = started.find(({ block }) => block === 'b1')!.segments[0]!.live;
  assert.deepEqual([live!.segments.map(each => each.block), [...live!.bind]], [['b0'], [['x0', ['x0']]]]);
  assert.deepEqual(started.find(({ block }) => block === 'b2')!.segments[0]!.live, []);
  // A fresh reader replays nothing; one that changed replays its maker and nobody else.
  assert.deepEqual(bench.run().report.replayed, []);
  bench.project = coded(project, 1, sum('x1', 'x0', 'x0'));
  const again = bench.run().report;
  assert.deepEqual([again.executed, again.replayed], [['b0', 'b1'], ['b0']]);
  const off = new Bench(changed(project, 0, { filter: { kind: 'off' } })).run().report;
  assert.deepEqual([off.executed, off.replayed, off.failed], [['b0', 'b1', 'b2'], ['b0'], []]);
});

test('what must not run again is refused by name, with its block and what to do', () => {
  const project = projectOf(block([{ op: 'lock', name: 'x0' }]), block([sum('x1', 'x0')], 0));
  const refusal = (change: (trace: Trace) => Trace, options: ToyBlock['options'] = {}): string => {
    const bench = new Bench(changed(project, 0, { options }));
    bench.run({ target: { kind: 'ids', selectors: ['b0'], reach: 'needs' }, force: false });
    const made = change(bench.shownTrace(0)!);
    bench.traces.set(0, [made]);
    bench.memory.set(0, { ...bench.memory.get(0)!, last: made });
    const { report, problems } = bench.run({
      target: { kind: 'ids', selectors: ['b1'], reach: 'only' },
      force: false,
    });
    assert.deepEqual([report.failed, report.replayed], [['b1'], []]);
    assert.match(
      problems[0]!.message,
      /^b1 needs x0 of b0, a toy that can not be stored, and b0 can not run/,
    );
    assert.match(problems[0]!.remedy, /dagpy filter b0 off/);
    return problems[0]!.message;
  };
  const file = { path: 'out.csv', digest: sha('1'), size: 0, object: null };
  const same = (trace: Trace) => trace;
  assert.match(refusal(same, { run: 'always' }), /set to run at every run/);
  assert.match(refusal(same, { run: 'never' }), /frozen/);
  assert.match(
    refusal(trace => ({ ...trace, external: ['db:5432'] })),
    /asks db:5432/,
  );
  assert.match(
    refusal(trace => ({ ...trace, untracked: ['starts a process'] })),
    /can not be followed/,
  );
  assert.match(
    refusal(trace => ({ ...trace, written: [{ ...file, object: trace.display }], appended: ['out.csv'] })),
    /adds to out.csv/,
  );
  const read = { kind: 'file' as const, name: 'out.csv', digest: null };
  assert.match(
    refusal(trace => ({ ...trace, written: [file], discovered: [read] })),
    /reads and changes out.csv/,
  );
});

test('alone on last stored values: not beside a block whose code is newer than what is stored of it', () => {
  const project = projectOf(block([{ op: 'lock', name: 'x0' }]), block([sum('x1', 'x0')], 0));
  for (const filter of ['auto', 'off'] as const) {
    const bench = ranBench(changed(project, 0, { filter: { kind: filter } }));
    bench.project = coded(bench.project, 0, literal('y0', 1), { op: 'lock', name: 'x0' });
    const { report, problems } = bench.run({ ...reaching('only', 'b1'), force: true });
    assert.deepEqual([report.failed, problems.map(({ code }) => code)], [['b1'], ['replay-stale']]);
  }
});

test('a live session is wanted until the last block that can continue it is done, and spares the most replays', () => {
  //   b0 off ── b1 off ── b2
  //     └────── b3
  const off: ToyBlock['filter'] = { kind: 'off' };
  const project = projectOf(
    { ...block([literal('x0', 1)]), filter: off },
    { ...block([sum('x1', 'x0')], 0), filter: off },
    block([sum('x2', 'x1')], 1),
    block([sum('x3', 'x0')], 0),
  );
  const bench = new Bench(project);
  const { send, state } = byHand(bench, affected, 1);
  const session = (id: string, ...chain: string[]): HeldSession => ({
    block: blockId(id),
    job: id,
    chain: chain.map(each => blockId(each)),
    bare: false,
  });
  const held = [session('b0', 'b0'), session('b1', 'b0', 'b1')];
  let [effect] = executing(send({ kind: 'started' }));
  const seen: unknown[] = [];
  while (effect !== undefined) {
    const from = (bare: boolean) => sessionFor(held, effect!, bare)?.job;
    seen.push([effect.block, effect.hold, from(false), from(true)]);
    [effect] = executing(send(stored(bench, effect)));
    seen.push([0, 1].filter(index => isSessionWanted(state, index)));
  }
  assert.deepEqual(seen, [
    ['b0', true, undefined, undefined],
    [0, 1],
    ['b1', true, 'b0', undefined],
    [0, 1],
    ['b2', false, 'b1', undefined],
    [0],
    ['b3', false, 'b0', undefined],
    [],
  ]);
});

test('a replay that writes files again runs while nothing else does', () => {
  const project = projectOf(
    block([{ op: 'lock', name: 'x0' }]),
    block([sum('x1', 'x0')], 0),
    block([sum('x2', 'x0')], 0),
    block([literal('x3', 1)], 0),
  );
  const bench = new Bench(project);
  const { send } = byHand(bench, affected, 3);
  const [root] = executing(send({ kind: 'started' }));
  const trace = bench.execute(root!)!;
  const written = [{ path: 'out.csv', digest: sha('1'), size: 0, object: null }];
  let effects = send({
    kind: 'finished',
    block: root!.block,
    key: root!.key,
    outcome: { kind: 'stored', trace: { ...trace, written } },
  });
  const order: string[][] = [];
  while (executing(effects).length > 0) {
    order.push(executing(effects).map(({ block }) => block));
    effects = executing(effects).flatMap(effect => send(stored(bench, effect)));
  }
  assert.deepEqual(order, [['b1'], ['b2'], ['b3']]);
});

test('a run of some blocks: what they need, only them, above, below', () => {
  const executed = (request: RunRequest, bench = new Bench(diamond)) =>
    bench.run(request).report.executed.join(' ');
  assert.equal(executed(ids('b1')), 'b0 b1');
  assert.equal(executed(ids('b1+')), 'b0 b1 b2 b3');
  assert.equal(executed(ids('+(b1)')), 'b0');
  assert.equal(executed(reaching('upstream', 'b3')), 'b0 b1 b2');
  assert.equal(executed(reaching('downstream', 'b1')), 'b0 b1 b2 b3');
  const refused = new Bench(diamond).run(reaching('only', 'b1'));
  assert.deepEqual(
    refused.problems.map(({ code }) => code),
    ['parent-not-run'],
  );
  const bench = ranBench(diamond);
  bench.project = coded(coded(diamond, 0, literal('x0', 8)), 1, sum('x1', 'x0', 'x0'));
  assert.equal(executed(reaching('only', 'b1'), bench), 'b1');
  // On the last stored value of b0, which is its key: nothing is wrong, and b1 runs again once b0 did.
  assert.equal(executed(affected, bench), 'b0 b1 b2 b3');
  const unknown = plan(bench.context(), ids('b7'));
  assert.ok(!unknown.ok && unknown.problems[0]!.code === 'unknown-block');
});

test('force runs the target although traces answer; below it equal values cut off', () => {
  const bench = ranBench(diamond);
  assert.deepEqual(bench.run({ ...ids('b0'), force: true }).report.executed, ['b0']);
  assert.deepEqual(bench.run({ target: { kind: 'all' }, force: true }).report.executed, [
    'b0',
    'b1',
    'b2',
    'b3',
  ]);
  const planned = plan(bench.context(), { ...ids('b1'), force: true });
  assert.ok(planned.ok);
  assert.deepEqual(planned.value.runs, [
    { block: 'b1', reasons: [{ kind: 'forced', detail: 'asked for by force' }] },
  ]);
});

/** Starts a run by hand; `send` gives the effects of one input. */
function byHand(
  bench: Bench,
  request: RunRequest,
  jobs: number,
): { send: (input: RunInput) => readonly Effect[]; state: RunState } {
  const begun = startRun(bench.context(), { run: runId('r'), request, jobs });
  assert.ok(begun.ok);
  return { send: input => step(begun.value, input).effects, state: begun.value };
}
const executing = (effects: readonly Effect[]) =>
  effects.filter((effect): effect is ExecuteEffect => effect.kind === 'execute');
const stored = (bench: Bench, effect: ExecuteEffect): RunInput => ({
  kind: 'finished',
  block: effect.block,
  key: effect.key,
  outcome: { kind: 'stored', trace: bench.execute(effect)! },
});

test('no more jobs than allowed, and a late or doubled answer changes nothing', () => {
  const wide = projectOf(
    block([literal('x0', 1)]),
    ...[1, 2, 3].map(index => block([sum(`x${index}`, 'x0')], 0)),
  );
  const bench = new Bench(wide);
  const { send, state } = byHand(bench, affected, 2);
  const [root] = executing(send({ kind: 'started' }));
  const first = executing(send(stored(bench, root!)));
  assert.deepEqual(
    first.map(({ block }) => block),
    ['b1', 'b2'],
  );
  assert.equal(stateOf(state, blockId('b3')), 'queued');
  assert.deepEqual(send(stored(bench, root!)), []);
  assert.deepEqual(
    send({ ...(stored(bench, first[0]!) as Extract<RunInput, { kind: 'finished' }>), key: root!.key }),
    [],
  );
  const second = executing(send(stored(bench, first[1]!)));
  assert.deepEqual(
    second.map(({ block }) => block),
    ['b3'],
  );
});

test('cancel stops what runs, starts nothing, and keeps what was finished', () => {
  const bench = new Bench(diamond);
  const { send } = byHand(bench, affected, 2);
  const [root] = executing(send({ kind: 'started' }));
  const [one, two] = executing(send(stored(bench, root!)));
  assert.deepEqual(
    send({ kind: 'cancel' }).map(effect => [effect.kind, 'block' in effect && effect.block]),
    [
      ['interrupt', 'b1'],
      ['interrupt', 'b2'],
    ],
  );
  send(stored(bench, one!));
  const last = send({
    kind: 'finished',
    block: two!.block,
    key: two!.key,
    outcome: { kind: 'interrupted', replayed: [] },
  });
  const finish = last.find(effect => effect.kind === 'finish')!;
  assert.deepEqual(
    [finish.report.executed, finish.report.cancelled, finish.report.blocked],
    [['b0', 'b1'], ['b2', 'b3'], []],
  );
});

test('what can not be restored runs instead', () => {
  const bench = ranBench(projectOf(block([literal('x0', 1)])));
  bench.memory.set(0, { ...bench.memory.get(0)!, shown: null });
  const { send } = byHand(bench, affected, 1);
  assert.deepEqual(
    send({ kind: 'started' }).map(({ kind }) => kind),
    ['restore'],
  );
  const [again] = executing(send({ kind: 'restored', block: blockId('b0'), ok: false }));
  assert.deepEqual(again?.reasons, [{ kind: 'cache-missing', detail: 'its stored result is gone' }]);
});

test('the longest remaining path starts first where durations are known', () => {
  //   b0        (short)
  //   b1 ── b2  (b2 long)
  const project = projectOf(
    block([literal('x0', 1)]),
    block([literal('x1', 1)]),
    block([sum('x2', 'x1')], 1),
  );
  const bench = ranBench(project);
  const { send } = byHand(bench, { target: { kind: 'all' }, force: true }, 1);
  assert.deepEqual(
    executing(send({ kind: 'started' })).map(({ block }) => block),
    ['b1'],
  );
});
