/** Sealed files, and what is in them: only what the user's own key sealed is decoded, and even that may be anything. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pack, unpack } from '../../src/adapters/store/packing.js';
import { open, seal, type Label } from '../../src/adapters/store/sealed.js';
import { DecodeError } from '../../src/protocol/decode.js';
import { decodeDisplay } from '../../src/daemon/display.js';
import { decodeCellFacts } from '../../src/protocol/factsCodec.js';
import { keyOf, uid } from '../../src/protocol/ids.js';
import { ProblemError } from '../../src/protocol/problem.js';
import { decodeTrace } from '../../src/protocol/traceCodec.js';
import { decodeVerdict, VERDICT_VERSION } from '../../src/protocol/verdict.js';
import { execute, hasher, newPlace, someTrace } from '../adapters/store/fixtures.js';
import { counted, howMany } from '../proof.js';
import { assertTold, fuzz } from './expect.js';
import { chance, random, spoilBytes, spoilText, spoilValue } from './mutate.js';

const ref = { digest: hasher.digest('x'), size: 5 };
const trace = someTrace({ display: ref, head: ref });
const key = { id: '00'.repeat(8), secret: new Uint8Array(32).fill(7) };
const label: Label = { purpose: 'traces', name: trace.key };
const sealed = seal(hasher, key, label, pack([trace]));

test('a seal that was touched is never authentic', () => {
  assert.equal(open(hasher, key, label, sealed).kind, 'authentic');
  fuzz(
    'sealed traces',
    howMany(4000, 100_000),
    luck => spoilBytes(luck, sealed),
    bytes => {
      const isSame = Buffer.compare(bytes, sealed) === 0;
      assert.equal(open(hasher, key, label, bytes).kind === 'authentic', isSame);
    },
  );
});

test('what an authentic file holds is decoded, or refused', () => {
  const values = {
    trace,
    verdict: {
      version: VERDICT_VERSION,
      asked: ref.digest,
      kernel: 'python3',
      environment: ref.digest,
      target: ['a'],
      fresh: [{ block: 'a', savedSeconds: 1 }],
      sights: [{ kind: 'file', name: 'a.csv', digest: null }],
      expansions: [{ glob: '*.csv', paths: ['a.csv'] }],
      stamped: { names: 'a.csv\nb.csv', stamps: '1 2 3 4 5\n1 2 4 4 5' },
      stored: { digests: ref.digest, sizes: String(ref.size) },
    },
    display: { version: 1, cells: [{ outputs: [], executionCount: 1 }] },
  };
  const decoders = { trace: decodeTrace, verdict: decodeVerdict } as const;
  assert.doesNotThrow(() => decodeTrace(unpack(pack(trace)), 'trace'));
  let understood = 0;
  fuzz(
    'traces',
    howMany(4000, 200_000),
    luck => {
      const what = luck.pick(['trace', 'trace', 'verdict', 'display'] as const);
      const good = values[what];
      const bytes = luck.below(3) === 0 ? spoilBytes(luck, pack(good)) : packed(spoilValue(luck, good));
      return { what, bytes };
    },
    ({ what, bytes }) => {
      if (what === 'display') {
        decodeDisplay(bytes);
        return;
      }
      let value: unknown;
      try {
        value = unpack(bytes);
      } catch {
        // The stores take whatever the library throws for `not understood`.
        return;
      }
      try {
        decoders[what](value, what);
        understood += 1;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    },
  );
  assert.ok(understood > 20, 'hardly anything came through');
});

/** What can not be packed at all is nothing that a file holds. */
function packed(value: unknown): Uint8Array {
  try {
    return pack(value);
  } catch {
    return new Uint8Array();
  }
}

test('facts of cells are decoded, or refused', () => {
  const facts = {
    digest: ref.digest,
    empty: false,
    loads: ['a'],
    binds: ['b'],
    functions: [],
    steps: [{ do: 'delete', name: 'a' }],
    syntaxError: { message: 'm', line: 1, column: 1 },
    importedFrom: { np: 'numpy' },
  };
  fuzz(
    'facts',
    howMany(1000, 100_000),
    luck => spoilValue(luck, facts),
    value => {
      try {
        decodeCellFacts(value, 'facts');
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    },
  );
});

test('a store full of spoilt files answers, writes nothing, and works again', async () => {
  using place = newPlace();
  const store = place.open();
  await execute(store, { text: 'one' });
  store.save();
  const files = {
    trace: store.records.fileOf(trace.key),
    memory: join(store.layout.blocks, 'uid-load.json'),
    lock: join(store.layout.locks, 'project.json'),
  };
  const memory = readFileSync(files.memory, 'utf8');
  const lock = store.lock('dagpy run');
  const lease = readFileSync(files.lock, 'utf8');
  lock.release();
  const record = readFileSync(files.trace);
  const times = howMany(150, 3000);
  for (let number = 0; number < times; number++) {
    const luck = chance(number);
    mkdirSync(dirname(files.trace), { recursive: true });
    writeFileSync(files.trace, luck.pick([spoilBytes(luck, record), random(luck, 99), record]));
    writeFileSync(files.memory, spoilText(luck, JSON.parse(memory), memory));
    writeFileSync(files.lock, spoilText(luck, JSON.parse(lease), lease));
    const before = readdirSync(store.layout.blocks);
    const opened = place.open();
    const found = opened.world().traces(keyOf(hasher.digest('k1')));
    for (const each of found) assert.equal(each.id, 't1');
    void opened.memory.read(uid('uid-load')).last;
    try {
      opened.lock('dagpy run').release();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      assertTold(error.problems);
      assert.equal(error.problems[0]?.code, 'locked');
    }
    assert.deepEqual(readdirSync(store.layout.blocks), before);
  }
  counted('spoilt stores', times);
  writeFileSync(files.trace, record);
  chmodSync(files.trace, 0o644);
  writeFileSync(files.memory, memory);
  assert.deepEqual(place.open().memory.read(uid('uid-load')).last?.id, 't1');
});
