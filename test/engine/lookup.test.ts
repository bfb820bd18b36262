/** Which trace answers, and the policies that no observation settles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type RunRequest } from '../../src/engine/index.js';
import { lookUp, type Circumstances } from '../../src/engine/lookup.js';
import { blockId, type Digest } from '../../src/protocol/ids.js';
import type { Dependency, Trace } from '../../src/protocol/trace.js';
import { Bench } from './toy/bench.js';
import { sha, type Statement } from './toy/language.js';
import { snapshotOf, NO_MEMORY, type ToyBlock, type ToyProject } from './toy/project.js';

const seconds = (count: number) => count * 1000;
const literal = (name: string, value: number): Statement => ({ op: 'literal', name, value });
const block = (
  statements: readonly Statement[],
  parents: readonly number[] = [],
  options: ToyBlock['options'] = {},
): ToyBlock => ({
  cells: [{ comment: '', statements }],
  parents: parents.map(parent => ({ parent })),
  filter: { kind: 'auto' },
  options,
});
const projectOf = (...blocks: ToyBlock[]): ToyProject => ({
  blocks,
  parameters: new Map(),
  files: new Map(),
});

/** A real trace to vary. */
function madeTrace(): Trace {
  const bench = new Bench(projectOf(block([literal('x0', 1)])));
  bench.run();
  return bench.shownTrace(0)!;
}

function circumstances(
  changed: Partial<Circumstances> & { readonly observed?: ReadonlyMap<string, Digest> } = {},
): Circumstances {
  const { declaration } = snapshotOf(projectOf(block([])), () => NO_MEMORY).blocks[0]!;
  const { observed = new Map<string, Digest>(), ...others } = changed;
  return {
    world: {
      traces: () => [],
      observe: (kind, name) => observed.get(`${kind} ${name}`) ?? null,
      expand: () => [],
    },
    declaration,
    externalTtl: undefined,
    now: seconds(100),
    inherited: new Map(),
    last: () => null,
    request: {
      filter: { kind: 'auto' },
      accepts: () => true,
      wanted: () => [],
      replayed: () => [],
      deletes: () => [],
    },
    ...others,
  };
}

function why(trace: Partial<Trace>, changed: Parameters<typeof circumstances>[0] = {}): string | undefined {
  const found = lookUp([{ ...madeTrace(), ...trace }], circumstances(changed));
  return found.answer === null
    ? `${found.refusals[0]!.reason.kind}: ${found.refusals[0]!.reason.detail}`
    : undefined;
}

test('every kind of dependency is verified and named', () => {
  const on = (kind: Dependency['kind'], name: string, digest: Digest | null, detail?: string) => ({
    discovered: [{ kind, name, digest, ...(detail === undefined ? {} : { detail }) }],
  });
  const [was, now] = [sha('was'), sha('now')];
  assert.equal(why(on('file', 'a.csv', was), { observed: new Map([['file a.csv', was]]) }), undefined);
  assert.equal(
    why(on('file', 'a.csv', was), { observed: new Map([['file a.csv', now]]) }),
    'file: file a.csv changed',
  );
  assert.equal(why(on('file', 'a.csv', was)), 'file: file a.csv is gone');
  assert.equal(why(on('file', 'a.csv', null)), undefined);
  assert.equal(
    why(on('file', 'a.csv', null), { observed: new Map([['file a.csv', now]]) }),
    'file: file a.csv appeared',
  );
  assert.equal(
    why(on('folder', 'data', was), { observed: new Map([['folder data', now]]) }),
    'file: folder data changed',
  );
  assert.equal(
    why(on('module', 'lib/helpers.py', was, 'helpers'), {
      observed: new Map([['module lib/helpers.py', now]]),
    }),
    'module: module helpers changed',
  );
  assert.equal(
    why(on('package', 'numpy-2.1.dist-info', was, 'numpy 2.1'), {
      observed: new Map([['package numpy-2.1.dist-info', now]]),
    }),
    'package: numpy 2.1 was replaced',
  );
  assert.equal(
    why(on('environment', 'HOME', was), { observed: new Map([['environment HOME', now]]) }),
    'environment: environment variable HOME changed',
  );
  assert.equal(why(on('ambient', 'numpy.random', was)), 'input: state of numpy.random changed');
  assert.equal(
    why(on('ambient', 'numpy.random', was), {
      inherited: new Map([['numpy.random', { digest: was, size: 1 }]]),
    }),
    undefined,
  );
});

test('the newest trace that holds answers', () => {
  const older = { ...madeTrace(), id: 'older' as Trace['id'] };
  const newer: Trace = {
    ...older,
    id: 'newer' as Trace['id'],
    discovered: [{ kind: 'file', name: 'a.csv', digest: sha('was') }],
  };
  const found = lookUp([newer, older], circumstances());
  assert.equal(found.answer?.id, 'older');
});

test('a result from the network answers until its time is over, one that can not be followed never', () => {
  const external = { external: ['example.org'], createdAt: seconds(40) };
  const { declaration } = circumstances();
  assert.equal(why(external), undefined);
  assert.equal(why(external, { externalTtl: 61 }), undefined);
  assert.equal(why(external, { externalTtl: 60 }), 'external: asked example.org more than 60 s ago');
  assert.equal(why(external, { externalTtl: 1, declaration: { ...declaration, ttl: 100 } }), undefined);
  assert.equal(why({ createdAt: seconds(40) }, { externalTtl: 1 }), undefined);
  // The clock was set back.
  assert.equal(
    why({ ...external, createdAt: seconds(101) }, { externalTtl: 60 }),
    'external: ran at a time that the clock says is yet to come',
  );
  assert.equal(why({ ...external, createdAt: seconds(101) }), undefined);
  assert.equal(
    why({ untracked: ['subprocess'], createdAt: seconds(40) }),
    'untracked: what it reads can not be followed (declare "inputs" or a "ttl" in dag.json): subprocess',
  );
  assert.equal(
    why({ untracked: ['subprocess'], createdAt: seconds(40) }, { declaration: { ...declaration, ttl: 100 } }),
    undefined,
  );
  assert.equal(
    why({ untracked: ['subprocess'] }, { declaration: { ...declaration, inputs: ['data/*.csv'] } }),
    undefined,
  );
});

test('what was left out for its size counts once somebody reads it', () => {
  const withheld = [{ name: 'big', type: 'list', why: 'size' as const, detail: '' }];
  const request = circumstances().request;
  assert.equal(why({ withheld }), undefined);
  assert.equal(
    why({ withheld }, { request: { ...request, wanted: () => ['big'] } }),
    'filter: filter now asks for big',
  );
  assert.equal(
    why({ withheld }, { request: { ...request, wanted: () => null } }),
    'filter: filter now asks for big',
  );
  assert.equal(why({ withheld }, { request: { ...request, filter: { kind: 'off' } } }), undefined);
});

test('always runs each time, never stays as it was', () => {
  const project = projectOf(
    block([literal('x0', 1)], [], { run: 'always' }),
    block([{ op: 'sum', name: 'x1', of: ['x0'] }], [0], { run: 'never' }),
  );
  const bench = new Bench(project);
  assert.deepEqual(bench.run().report.executed, ['b0', 'b1']);
  assert.deepEqual(
    judge(bench.context()).map(judgement => judgement?.state),
    ['stale', 'frozen'],
  );
  bench.project = {
    ...project,
    blocks: [block([literal('x0', 2)], [], { run: 'always' }), project.blocks[1]!],
  };
  assert.deepEqual(bench.run().report.executed, ['b0']);
  const forced: RunRequest = { target: { kind: 'ids', selectors: ['b1'], reach: 'needs' }, force: true };
  assert.deepEqual(bench.run(forced).report.executed, ['b0', 'b1']);
});

test('an edge for order only waits, hands on nothing, and blocks', () => {
  const after = { after: [blockId('b0')] };
  const bench = new Bench(
    projectOf(
      block([literal('x0', 1)]),
      block([{ op: 'sum', name: 'x1', of: ['x0'] }], [], after),
      block([], [], after),
    ),
  );
  const { report, started } = bench.run(undefined, undefined, 1);
  assert.deepEqual(
    started.map(each => each.block),
    ['b0', 'b1', 'b2'],
  );
  assert.deepEqual(report.failed, ['b1']);
  const failing = new Bench(
    projectOf(block([{ op: 'show', of: 'nothing' }], [], { retries: 2 }), block([], [], after)),
  );
  const failed = failing.run();
  assert.deepEqual(
    failed.started.map(({ attempt }) => attempt),
    [1, 2, 3],
  );
  assert.deepEqual(failed.report.blocked, ['b1']);
});

test('a block that looks at its own kept output does not depend on which of its versions lies there', () => {
  const [mine, other, foreign] = [sha('mine'), sha('other'), sha('foreign')];
  const writing = (digest: Digest, kept: boolean): Partial<Trace> => ({
    discovered: [{ kind: 'file', name: 'out.png', digest }],
    written: [{ path: 'out.png', digest, size: 1, object: kept ? { digest, size: 1 } : null }],
  });
  const left: Trace = { ...madeTrace(), ...writing(other, true) };
  const last = () => left;
  const lies = (digest: Digest | null) =>
    digest === null ? {} : { observed: new Map([['file out.png', digest]]) };
  assert.equal(why(writing(mine, true), { ...lies(mine), last }), undefined);
  assert.equal(why(writing(mine, true), { ...lies(other), last }), undefined);
  assert.equal(why(writing(mine, true), { ...lies(null), last }), undefined);
  assert.match(why(writing(mine, true), { ...lies(foreign), last }) ?? '', /out\.png changed/);
  assert.match(why(writing(mine, true), { ...lies(other), last: () => null }) ?? '', /out\.png changed/);
  // Content that is not kept can not be put back.
  assert.match(why(writing(mine, false), { ...lies(other), last }) ?? '', /out\.png changed/);
  // What it read before it wrote is another thing.
  assert.match(
    why(
      { ...writing(mine, true), discovered: [{ kind: 'file', name: 'out.png', digest: foreign }] },
      { ...lies(other), last },
    ) ?? '',
    /out\.png changed/,
  );
});
