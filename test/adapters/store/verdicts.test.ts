/** Answers that are kept: only the own, whole ones of this call are believed. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Digest } from '../../../src/protocol/ids.js';
import { VERDICT_VERSION, type Verdict } from '../../../src/protocol/verdict.js';
import { type Place, hasher, keeperOf, newPlace } from './fixtures.js';

const asked = hasher.digest('run');
const verdictOn = (question: Digest): Verdict => ({
  version: VERDICT_VERSION,
  asked: question,
  kernel: 'python3',
  environment: hasher.digest('Python'),
  target: ['load'],
  fresh: [{ block: 'load', savedSeconds: 1.5 }],
  sights: [
    { kind: 'file', name: 'dag.json', digest: hasher.digest('{}') },
    { kind: 'environment', name: 'YEAR', digest: null },
  ],
  expansions: [{ glob: 'data/*.csv', paths: ['data/a.csv'] }],
  stamped: { names: 'load.ipynb', stamps: '1 2 3 4 5' },
  stored: { digests: hasher.digest('object'), sizes: '3' },
});

const fileOf = (place: Place, question: Digest): string => {
  const { layout, keyId } = place.open();
  return join(layout.verdicts, keyId, `${question.slice(0, 32)}.mpk`);
};

test('an answer is read back as it was kept', () => {
  using place = newPlace();
  place.open().verdicts.keep(verdictOn(asked));
  assert.deepEqual(place.open().verdicts.read(asked), verdictOn(asked));
  assert.equal(place.open().verdicts.read(hasher.digest('run all')), undefined);
});

test('an answer to another question, a changed one and one under another key are none', () => {
  using place = newPlace();
  place.open().verdicts.keep(verdictOn(asked));
  const file = fileOf(place, asked);
  const other = hasher.digest('run model');
  copyFileSync(file, fileOf(place, other));
  assert.equal(place.open().verdicts.read(other), undefined);

  const whole = readFileSync(file);
  for (const at of [0, 25, whole.length - 70, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    writeFileSync(file, changed);
    assert.equal(place.open().verdicts.read(asked), undefined, `byte ${String(at)}`);
  }
  writeFileSync(file, whole);
  const stranger = place.open({ environment: { HOME: join(place.root, 'other') } });
  const planted = join(stranger.layout.verdicts, stranger.keyId, `${asked.slice(0, 32)}.mpk`);
  mkdirSync(dirname(planted), { recursive: true });
  writeFileSync(planted, whole);
  assert.equal(stranger.verdicts.read(asked), undefined);
  assert.deepEqual(place.open().verdicts.read(asked), verdictOn(asked));
});

test('few answers are kept, and clearing the cache takes them along', () => {
  using place = newPlace();
  const store = place.open();
  for (let question = 0; question < 40; question += 1)
    store.verdicts.keep(verdictOn(hasher.digest(`run block_${String(question)}`)));
  const folder = join(store.layout.verdicts, store.keyId);
  assert.equal(readdirSync(folder).length, 16);
  const lock = store.lock('clear');
  keeperOf(store, lock).clear();
  lock.release();
  assert.equal(readdirSync(store.layout.verdicts).length, 0);
});
