// `npm run test:mutants`: the tests are tested. Breaks the key, the look-up and what serves them in each way listed in
// mutants/list.mjs, in a copy of the sources, and shows which tests find it out: the model of test/engine, the stories
// over real kernels, and a named end-to-end test. A mutant that nobody finds is a failure. Takes about two hours on two
// cores; words choose mutants, `--only model|named|stories` the tests.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ScriptError, root, run, seconds, start, venvBin, wheelNode } from './tools.mjs';
import { mutants } from './mutants/list.mjs';
import { build } from './build.mjs';
import { readJunit } from './junit.mjs';
import { setup } from './setup.mjs';
import { rewritePart, tableRow } from './writtenPart.mjs';

const copy = join(root, 'build', 'mutants');
const page = join(root, 'docs', 'proof.md');
const tests = ['model', 'named', 'stories'];

/** The parts of the repository that the bundle and the model are made of. */
function makeCopy() {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  const files = ['src', 'scripts', 'test/engine', 'test/proof.ts', 'package.json', 'package-lock.json'];
  for (const file of [...files, 'jupyterlab_dagpy/worker'])
    cpSync(join(root, file), join(copy, file), { recursive: true });
  for (const file of ['node_modules', '.venv']) symlinkSync(join(root, file), join(copy, file), 'dir');
  const engine = join(copy, 'jupyterlab_dagpy', '_engine', 'dagpy.cjs');
  const command = join(copy, 'dagpy');
  const lines = [
    '#!/bin/sh',
    `DAGPY_PYTHON=\${DAGPY_PYTHON-${venvBin('python')}} exec "${wheelNode()}" "${engine}" "$@"`,
  ];
  writeFileSync(command, `${lines.join('\n')}\n`, { mode: 0o755 });
}

const node = (...args) =>
  run(wheelNode() ?? process.execPath, args, { capture: true, cwd: copy, env: { NODE_OPTIONS: '' } });

async function buildCopy() {
  const { code, output } = await node('scripts/build.mjs', '--bundle-only');
  if (code !== 0) throw new ScriptError(`the mutant can not be built\n${output}`);
}

/** Failing tests of the model, or undefined: all pass. */
async function askModel() {
  const { code, output } = await node(
    '--import',
    './scripts/typescript.mjs',
    '--test',
    '--test-name-pattern=after any history',
    'test/engine/incremental.test.ts',
  );
  if (code === 0) return undefined;
  if (!output.includes('Counterexample')) throw new ScriptError(`the model can not run\n${output}`);
  return 'stories of the model';
}

async function askPytest(args, env = {}) {
  const report = join(root, 'build', `mutants-${process.pid}.xml`);
  rmSync(report, { force: true });
  const { code, output } = await run(
    venvBin('python'),
    ['-m', 'pytest', '-q', '-x', '--timeout=0', '-p', 'no:cacheprovider', `--junitxml=${report}`, ...args],
    { capture: true, env: { DAGPY_UNDER_TEST: join(copy, 'dagpy'), PYTHONPATH: root, ...env } },
  );
  const { passed, failing } = readJunit(existsSync(report) ? readFileSync(report, 'utf8') : '');
  rmSync(report, { force: true });
  if (code !== 0 && failing.length === 0)
    throw new ScriptError(`no test was run: ${args.join(' ')}\n${output}`);
  if (code === 0 && passed === 0) throw new ScriptError(`no test was run: ${args.join(' ')}\n${output}`);
  return failing[0]?.replace(/^.*\.(test_\w+)::/, '$1::');
}

const asking = {
  model: mutant => (mutant.model ? askModel() : 'nothing to ask'),
  named: ({ killedBy }) => askPytest(['test/end-to-end', '-k', killedBy]),
  stories: () =>
    askPytest(['test/end-to-end/test_kernel_stories.py'], { DAGPY_STORIES: '60', DAGPY_SHRINK: '0' }),
};

async function judge(mutant, only) {
  const file = join(copy, mutant.file);
  const whole = readFileSync(file, 'utf8');
  if (whole.split(mutant.find).length !== 2)
    throw new ScriptError(
      `"${mutant.find}" does not stand once in ${mutant.file}: mend scripts/mutants/list.mjs`,
    );
  writeFileSync(
    file,
    whole.replace(mutant.find, () => mutant.replace),
  );
  const verdicts = {};
  try {
    await buildCopy();
    for (const test of only) {
      const verdict = await asking[test](mutant);
      if (verdict !== 'nothing to ask') verdicts[test] = verdict ?? null;
    }
  } finally {
    writeFileSync(file, whole);
  }
  return verdicts;
}

/** Rows of mutants that were judged replace those of the page; columns that were not asked stay as they are. */
function withRows(lines, results, date) {
  const before = new Map(
    lines
      .filter(line => line.startsWith('| '))
      .map(line => line.slice(2, -2).split(' | '))
      .map(([name, ...cells]) => [name, cells]),
  );
  const rows = mutants.flatMap(({ name }) => {
    const [old = [], found] = [before.get(name), results.get(name)];
    if (found === undefined) return before.has(name) ? [[name, ...old]] : [];
    const cells = tests.map((test, place) =>
      test in found
        ? found[test] === null
          ? 'lives'
          : found[test].replace(/^test_/, '')
        : (old[place] ?? '–'),
    );
    return [[name, ...cells, date]];
  });
  return [
    ['what is broken', 'model', 'named test', 'stories', 'date'],
    ['---', '---', '---', '---', '---'],
    ...rows,
  ].map(tableRow);
}

await start(async () => {
  const { values, positionals: words } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, 'no-table': { type: 'boolean', default: false } },
  });
  const only = values.only?.split(',') ?? tests;
  const unknown = only.filter(name => !tests.includes(name));
  if (unknown.length > 0)
    throw new ScriptError(`--only takes ${tests.join(', ')}, not ${unknown.join(', ')}`);
  const asked = only.length === 1 && only[0] === 'model' ? mutants.filter(({ model }) => model) : mutants;
  const chosen = asked.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)));
  if (chosen.length === 0) throw new ScriptError(`no mutant is called ${words.join(' or ')}`);
  await setup();
  await build({ types: false });
  makeCopy();
  const results = new Map();
  const living = [];
  for (const mutant of chosen) {
    const began = performance.now();
    const verdicts = await judge(mutant, only);
    results.set(mutant.name, verdicts);
    // One of the tests has to find it: not every one can see everything.
    const isKilled = Object.values(verdicts).some(verdict => verdict !== null);
    if (!isKilled) living.push(mutant.name);
    const told = Object.entries(verdicts).map(([test, by]) => `${test}: ${by ?? 'LIVES'}`);
    console.log(`${isKilled ? 'killed' : 'LIVES '} ${mutant.name} (${told.join('; ')}; ${seconds(began)})`);
    if (!values['no-table'])
      rewritePart(page, 'mutants', lines => withRows(lines, results, new Date().toISOString().slice(0, 10)));
  }
  rmSync(copy, { recursive: true, force: true });
  console.log(`\n${chosen.length - living.length} killed, ${living.length} alive`);
  return living.length === 0 ? 0 : 1;
});
