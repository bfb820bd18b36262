/** One writer a project. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Place } from './fixtures.js';
import { ProblemError } from '../../../src/protocol/problem.js';
import type { Problem } from '../../../src/protocol/problem.js';
import { child, childArguments, newPlace } from './fixtures.js';

const fileOf = (place: Place): string => join(place.project, '.dagpy', 'locks', 'project.json');

function refusal(body: () => unknown): Problem {
  try {
    body();
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
  throw new Error('not refused');
}

function alter(place: Place, change: Record<string, unknown>): void {
  const lease: unknown = JSON.parse(readFileSync(fileOf(place), 'utf8'));
  writeFileSync(fileOf(place), JSON.stringify({ ...(lease as object), ...change }));
}

test('the second one is told who holds it, and gets in after release', () => {
  using place = newPlace();
  const lock = place.open().lock('dagpy run all');
  const problem = refusal(() => place.open().lock('dagpy run'));
  assert.equal(problem.code, 'locked');
  assert.match(
    problem.message,
    new RegExp(`dagpy run all.*process ${process.pid} on this machine, since 20`),
  );
  assert.match(problem.remedy, new RegExp(`kill ${process.pid}`));
  lock.release();
  lock.release();
  place.open().lock('dagpy run').release();
});

test('a holder that was killed is taken over', () => {
  using place = newPlace();
  assert.equal(child('lockChild.ts', [place.root, 'die']).signal, 'SIGKILL');
  place.open().lock('next').release();
});

test('leaving without release lets the next one in', () => {
  using place = newPlace();
  assert.equal(child('lockChild.ts', [place.root, 'leave']).stdout, 'held\n');
  assert.throws(() => readFileSync(fileOf(place)));
});

test('a number that another process got since is no holder', () => {
  using place = newPlace();
  place.open().lock('old');
  alter(place, { started: '1' });
  place.open().lock('new').release();
});

test('after a restart of the machine nobody holds it', () => {
  using place = newPlace();
  place.open().lock('old');
  alter(place, { boot: 'another' });
  place.open().lock('new').release();
});

test('a holder on another machine is left alone, with a remedy', () => {
  using place = newPlace();
  place.open().lock('old');
  alter(place, { host: 'elsewhere' });
  const problem = refusal(() => place.open().lock('new'));
  assert.match(problem.message, /on elsewhere/);
  assert.match(problem.remedy, /if elsewhere is switched off, remove \.dagpy\/locks\/project\.json/);
});

test('a lock file that is not understood is left alone, with a remedy', () => {
  using place = newPlace();
  place.open();
  writeFileSync(fileOf(place), '');
  assert.match(refusal(() => place.open().lock('new')).remedy, /remove that file/);
});

test('of many that race, also for a stale one, exactly one wins', async () => {
  for (const stale of [false, true, true]) {
    using place = newPlace();
    if (stale) child('lockChild.ts', [place.root, 'die']);
    const racers = Array.from({ length: 6 }, () =>
      spawn(process.execPath, childArguments('lockChild.ts', place.root), {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const closed = racers.map(racer => new Promise(resolve => racer.once('close', resolve)));
    const answers = await Promise.all(
      racers.map(
        racer =>
          new Promise<string>(resolve => racer.stdout.once('data', data => resolve(String(data).trim()))),
      ),
    );
    assert.deepEqual(answers.sort(), ['held', 'locked', 'locked', 'locked', 'locked', 'locked']);
    for (const racer of racers) racer.stdin.end();
    await Promise.all(closed);
    place.open().lock('afterwards').release();
  }
});
