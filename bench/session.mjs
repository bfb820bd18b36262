// A working session: one tool on one workload, all scenarios one on top of another, each checked.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonOf } from './dagpy/program.mjs';
import { pause, timed } from './measure.mjs';
import { script } from './notebook.mjs';
import { closePlace, openPlace, write, writeSeed } from './place.mjs';
import { scenarios } from './scenarios.mjs';
import { resultFile } from './workloads/block.mjs';

/** @typedef {import('./workloads/block.mjs').Workload} Workload */
/** @typedef {Readonly<Record<string, string>>} Checksums of endings */
/** @typedef {{ scenario: string, seconds: number, ran: number, verdict: 'right' | 'STALE' }} Observation */

/** So that an edit has a later time than what was made before it, also for tools that count whole seconds. */
const BETWEEN_EDITS = 1.1;

/** @param {string} folder @param {Workload} workload @returns {Checksums} */
function checksums(folder, { blocks }) {
  const endings = blocks.filter(({ isEnding }) => isEnding).map(({ id }) => id);
  return Object.fromEntries(
    endings.map(id => {
      const file = join(folder, resultFile(id));
      return [id, existsSync(file) ? readFileSync(file, 'utf8') : 'none'];
    }),
  );
}

/**
 * What every scenario has to come to, by one plain script.
 * @param {Workload} workload
 * @param {readonly import('./scenarios.mjs').Scenario[]} [told]
 * @returns {Promise<ReadonlyMap<string, Checksums>>}
 */
export async function reference(workload, told = scenarios) {
  const place = openPlace('dagpy');
  const expected = new Map();
  let last;
  for (const scenario of told) {
    workload = scenario.edit(workload);
    if (!scenario.isSameResult) {
      writeSeed(place, workload.seed);
      write(place, 'script.py', script(workload.blocks));
      await timed([pythonOf(), 'script.py'], { cwd: place.folder, env: place.env, log: place.log });
      last = checksums(place.folder, workload);
    }
    expected.set(scenario.name, last);
  }
  closePlace(place);
  return expected;
}

/**
 * @param {import('./peers/index.mjs').Tool} tool
 * @param {Workload} workload
 * @param {ReadonlyMap<string, Checksums>} expected
 * @param {(observation: Observation) => void} observed told at once, so that what was seen before a failure counts
 * @param {readonly import('./scenarios.mjs').Scenario[]} told
 */
export async function session(tool, workload, expected, observed, told) {
  const place = openPlace(tool.environment, tool.variables?.());
  tool.write(place, workload, workload.blocks);
  const opened = await tool.setUp?.(place);
  try {
    for (const scenario of told) {
      const edited = scenario.edit(workload);
      if (edited !== workload) {
        await pause(BETWEEN_EDITS);
        const changed = edited.blocks.filter(block => !workload.blocks.includes(block));
        tool.write(place, edited, changed);
        workload = edited;
      }
      writeFileSync(place.ran, '');
      // What was left to be written, also by another tool's session, is not this command's.
      await timed(['sync'], { cwd: place.folder, env: place.env, log: place.log });
      const command = tool.command(place, workload);
      const seconds = await timed(command, { cwd: place.folder, env: place.env, log: place.log });
      const ran = readFileSync(place.ran, 'utf8').split('\n').length - 1;
      const found = checksums(place.folder, workload);
      const isRight = JSON.stringify(found) === JSON.stringify(expected.get(scenario.name));
      observed({ scenario: scenario.name, seconds, ran, verdict: isRight ? 'right' : 'STALE' });
    }
  } finally {
    await tool.close?.(place, opened);
  }
  // What a failed session left is kept until the harness ends, for whoever looks.
  closePlace(place);
}
