// `npm run bench`: this project beside its peers on the same work, in turns, so that what else the machine does hits all.
// Prints tables and writes docs/benchmarks.md. Times on a shared machine vary several-fold: only figures of one run can be
// compared.
//   --repeat N          rounds; medians count (5)
//   --only WORDS        some workloads, measurements and tools: names or beginnings of them, with commas; the page gets only
//                       what was measured with all tools
//   --scenarios N       the first N scenarios of each workload (all)
//   --scale S           smaller data, to see whether all works (1); the page stays as it is
//   --patience SECONDS  a tool whose session on a workload took longer is not asked for another one (300)
//   --dry               print, leave the page alone          --list  names of workloads, measurements and tools
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { setup } from '../scripts/setup.mjs';
import { ScriptError, seconds, start } from '../scripts/tools.mjs';
import { terminal, throughDaemon } from './dagpy/tools.mjs';
import { openEnvironment } from './environments.mjs';
import { checkPage, circumstances, printRows, writeRows, writeTools, writeWorkload } from './page.mjs';
import { peers } from './peers/index.mjs';
import { Results } from './results.mjs';
import { scenarios } from './scenarios.mjs';
import { reference, session } from './session.mjs';
import { specials } from './special/index.mjs';
import { targetsOf } from './targets.mjs';
import { workloads } from './workloads/index.mjs';
import { workloadTable } from './workloadTable.mjs';

const ours = [terminal, throughDaemon];
const log = text => console.error(`bench: ${text}`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      repeat: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true, default: [] },
      scenarios: { type: 'string', default: String(scenarios.length) },
      scale: { type: 'string', default: '1' },
      patience: { type: 'string', default: '300' },
      dry: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const [repeat, scale, patience] = [values.repeat, values.scale, values.patience].map(Number);
  const count = Number(values.scenarios);
  if (![repeat, count].every(each => Number.isInteger(each) && each > 0) || !(scale > 0 && patience > 0))
    throw new ScriptError(
      '--repeat and --scenarios take whole numbers from 1, --scale and --patience numbers above 0',
    );
  const words = values.only.flatMap(text => text.split(',')).map(word => word.trim().toLowerCase());
  return {
    repeat,
    scenarios: scenarios.slice(0, count),
    scale,
    patience,
    words,
    dry: values.dry,
    list: values.list,
  };
}

/** Those of `names` that words begin; all, where no word does. */
const named = (names, words) => {
  const found = names.filter(name => words.some(word => name.toLowerCase().startsWith(word)));
  return found.length > 0 ? found : names;
};

/** What is to be measured. @param {readonly string[]} words */
function choose(words) {
  const parts = [...Object.keys(workloads), ...Object.keys(specials)];
  const tools = [...ours, ...peers].map(({ name }) => name);
  const unknown = words.filter(
    word => ![...parts, ...tools].some(name => name.toLowerCase().startsWith(word)),
  );
  if (unknown.length > 0)
    throw new ScriptError(`nothing is called ${unknown.join(', ')}; --list lists all names`);
  // Who names tools alone wants to see them at work beside each other.
  const areParts = words.length === 0 || words.some(word => parts.some(name => name.startsWith(word)));
  const someParts = areParts ? named(parts, words) : Object.keys(workloads);
  const someTools = named(tools, words);
  return {
    workloads: Object.entries(workloads).filter(([name]) => someParts.includes(name)),
    specials: Object.entries(specials).filter(([name]) => someParts.includes(name)),
    ours: ours.filter(({ name }) => someTools.includes(name)),
    peers: peers.filter(({ name }) => someTools.includes(name)),
    isComplete: someTools.length === tools.length,
  };
}

/** Makes environments and lets every tool run something small once. Returns those that can not, with the reason. */
async function setUpTools(tools) {
  const absent = new Map();
  const small = workloads.analysis(0);
  const expected = await reference(small);
  for (const tool of tools) {
    const why = await openEnvironment(tool.environment);
    if (why !== undefined) absent.set(tool.name, why);
    else {
      // Compiles what is compiled once, fills what is cached once for a user.
      await session(tool, small, expected, () => undefined, scenarios.slice(0, 2)).catch(({ message }) =>
        absent.set(tool.name, message),
      );
    }
    log(`${tool.name}: ${absent.get(tool.name) ?? 'ready'}`);
  }
  return absent;
}

/** Sessions of all tools on a workload, in turns. */
async function measure(workload, tools, { repeat, patience, scenarios: told }, results) {
  const expected = await reference(workload, told);
  const tired = new Set();
  for (let round = 0; round < repeat; round += 1) {
    // Another one begins each time, so that none always comes after the same other.
    const turn = round % tools.length;
    for (const tool of [...tools.slice(turn), ...tools.slice(0, turn)]) {
      if (tired.has(tool)) continue;
      const began = performance.now();
      try {
        await session(tool, workload, expected, seen => results.add(workload.name, tool.name, seen), told);
      } catch (error) {
        results.fail(workload.name, tool.name, error.message);
      }
      log(`${workload.name}, round ${round + 1}: ${tool.name} in ${seconds(began)}`);
      if (results.failure(workload.name, tool.name) || performance.now() - began > patience * 1000)
        tired.add(tool);
    }
  }
}

await start(async () => {
  // Ends by `exit`, where folders of sessions are removed.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  const options = readOptions();
  const chosen = choose(options.words);
  const allTools = [...ours, ...peers];
  if (options.list) {
    console.log([...Object.keys(workloads), ...Object.keys(specials)].join('\n'));
    console.log(allTools.map(({ name, about }) => `${name}: ${about}`).join('\n'));
    return;
  }
  const isWritten = !options.dry && options.scale === 1;
  if (isWritten) checkPage();
  await setup();
  await build({ types: false });
  const ownEnvironment = await openEnvironment('dagpy');
  if (ownEnvironment !== undefined) throw new ScriptError(`no environment to measure in: ${ownEnvironment}`);

  const tools = [...chosen.ours, ...chosen.peers];
  const absent = chosen.workloads.length === 0 ? new Map() : await setUpTools(tools);
  const present = tools.filter(({ name }) => !absent.has(name));
  if (isWritten) writeTools(allTools);
  const results = new Results();
  let failed = 0;
  for (const [, make] of chosen.workloads) {
    const workload = make(options.scale);
    await measure(workload, present, options, results);
    const lines = workloadTable(workload, results, chosen.ours, chosen.peers, absent, options.scenarios);
    const rows = targetsOf(results, workload);
    console.log(
      `${workload.name}: ${workload.about}\n${circumstances(options.repeat)}\n\n${lines.join('\n')}\n`,
    );
    printRows(rows);
    if (!isWritten || !chosen.isComplete) continue;
    writeWorkload(workload, lines, options.repeat);
    writeRows(rows);
  }
  for (const [name, special] of chosen.specials) {
    log(name);
    try {
      const rows = await special(options);
      printRows(rows);
      if (isWritten) writeRows(rows);
    } catch (error) {
      // What others measure for hours is not lost for it.
      console.error(error);
      failed = 1;
    }
  }
  return failed;
});
