// What the bench says of its own work: workloads and edits fit each other, and figures are what they are called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asRatio, difference, inMilliseconds, ratio, summary } from '../../bench/figures.mjs';
import { Results } from '../../bench/results.mjs';
import { scenarios } from '../../bench/scenarios.mjs';
import { workloadTable } from '../../bench/workloadTable.mjs';
import { workloads } from '../../bench/workloads/index.mjs';

for (const [name, make] of Object.entries(workloads)) {
  for (const scale of [1, 0.02]) {
    test(`${name} at ${scale}: edits fit, parents come first, and all that is made is read`, () => {
      let workload = make(scale);
      const count = workload.blocks.length;
      const least = scenarios.map(scenario => {
        workload = scenario.edit(workload);
        return scenario.least(workload);
      });
      assert.deepEqual([least[0], least[1], least[2], least[6]], [count, 0, 0, 0]);
      assert.ok(least[3] > 0 && least[3] < count, `${least[3]} blocks depend on the edited leaf`);
      const known = new Set();
      for (const { id, parents, code } of workload.blocks) {
        for (const parent of parents) {
          assert.ok(known.has(parent), `${id} stands above its parent ${parent}`);
          assert.ok(code.includes(parent), `${id} does not read ${parent}`);
        }
        known.add(id);
      }
      const read = new Set(workload.blocks.flatMap(({ parents }) => parents));
      for (const { id, isEnding } of workload.blocks)
        assert.equal(read.has(id), !isEnding, `${id} is ${isEnding ? 'read' : 'read by nobody'}`);
    });
  }
}

test('medians, and ratios of medians with those of single rounds', () => {
  assert.deepEqual(summary([3, 1, 2]), { median: 2, low: 1, high: 3, count: 3 });
  assert.equal(summary([4, 1, 2, 3]).median, 2.5);
  const found = ratio([2, 9, 4], [1, 3, 8]);
  assert.equal(found.median, 4 / 3);
  assert.deepEqual([found.low, found.high], [0.5, 3]);
  assert.equal(difference([5, 6, 9], [1, 1, 1]).median, 5);
  assert.equal(inMilliseconds(summary([0.012])), '12.0 ms');
  assert.equal(asRatio(summary([1, 2, 3])), '2.00 (1.00–3.00)×');
});

test('a table names what is stale, absent and broken, and compares with none of these', () => {
  const workload = workloads.chain(1);
  const results = new Results();
  const tools = ['ours', 'wrong', 'absent', 'broken', 'right'].map(name => ({ name }));
  for (const { name } of scenarios) {
    const seen = (tool, seconds, verdict) =>
      results.add('chain', tool, { scenario: name, seconds, ran: 3, verdict });
    seen('ours', 1, 'right');
    seen('wrong', 1, 'STALE');
    seen('right', 4, 'right');
  }
  results.fail('chain', 'broken', '/home/somebody/bin/broken run: exit 1\nsee https://server.example/help');
  const absent = new Map([['absent', 'ERROR: no such package']]);
  const told = scenarios.slice(0, 7);
  const lines = workloadTable(workload, results, tools.slice(0, 1), tools.slice(1), absent, told);
  const text = lines.join('\n');
  assert.doesNotMatch(text, /branch off/);
  assert.match(
    text,
    /\| cold \| 30 \| 1\.00 s · 3 \| 1\.00 s · 3 \*\*STALE\*\* \| not set up \| failed \| 4\.00 s · 3 \| 4\.00× · right \|/,
  );
  assert.match(text, /- absent could not be set up: `ERROR: no such package`/);
  assert.match(text, /- broken did not come to its end: `broken run: exit 1 see …`/);
});
