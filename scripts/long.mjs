// `npm run test:long`: tests whose counts can grow, with the large counts. It takes hours on two cores; words choose
// files, and whoever is in a hurry takes one at a time. What it found goes into the table of docs/proof.md, a row a
// file with its date; rows of files that were not chosen stay.
//   npm run test:long                       everything
//   npm run test:long -- kernel_stories     files whose path contains the words
//   npm run test:long -- --times 0.1        a tenth of the counts       --no-table   leaves docs/proof.md alone
// A test file takes part when it imports `proof` (test/proof.ts, test/end-to-end/proof.py), which says how many of each
// thing to try, and hears how many were tried. Stories in a browser (ui-tests/) import the same, and are told in JupyterLab.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ScriptError, filesBelow, isMain, root, run, seconds, start, venvBin, wheelNode } from './tools.mjs';
import { build } from './build.mjs';
import { readJunit } from './junit.mjs';
import { setup } from './setup.mjs';
import { runStories } from './ui.mjs';
import { rewritePart, tableRow } from './writtenPart.mjs';

const page = join(root, 'docs', 'proof.md');
const imports = {
  '.py': /^\s*(?:import proof|from proof import)\b/m,
  '.ts': /from '(?:\.\.?\/)+(?:test\/)?proof\.js'/,
  '.mjs': /from '(?:\.\.?\/)+proof\.(?:js|ts)'/,
};

/** Test files that take part, from the root. */
export function longFiles(words = []) {
  return ['test', 'ui-tests/tests']
    .flatMap(folder =>
      filesBelow(folder, file => /(?:\.(?:test|spec)\.(?:ts|mjs)|\/test_[^/]*\.py)$/.test(file)),
    )
    .filter(file => imports[/\.\w+$/.exec(file)[0]].test(readFileSync(join(root, file), 'utf8')))
    .filter(file => words.length === 0 || words.some(word => file.includes(word)));
}

/** Runs one file; its tests, and what they counted. */
async function runFile(file, times) {
  const name = join(root, 'build', `long-${process.pid}`);
  const [counts, report] = [`${name}.counts`, `${name}.report`];
  for (const each of [counts, report]) rmSync(each, { force: true });
  const env = { DAGPY_LONG: String(times), DAGPY_LONG_COUNTS: counts };
  const result = file.endsWith('.py')
    ? await runPytest(file, report, env)
    : file.endsWith('.spec.ts')
      ? await runStory(file, env)
      : await runNode(file, report, env);
  const counted = new Map();
  for (const line of existsSync(counts) ? readFileSync(counts, 'utf8').trim().split('\n') : []) {
    const { what, count } = JSON.parse(line);
    counted.set(what, (counted.get(what) ?? 0) + count);
  }
  for (const each of [counts, report]) rmSync(each, { force: true });
  return { ...result, counted };
}

async function runPytest(file, report, env) {
  const { code } = await run(
    venvBin('python'),
    [
      '-m',
      'pytest',
      '-q',
      '-n',
      String(Math.max(1, cpus().length)),
      '--dist=worksteal',
      '--timeout=0',
      `--junitxml=${report}`,
      file,
    ],
    { env },
  );
  const { passed, failed } = readJunit(existsSync(report) ? readFileSync(report, 'utf8') : '');
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}

async function runNode(file, report, env) {
  const { code } = await run(
    wheelNode() ?? process.execPath,
    [
      '--import',
      './scripts/typescript.mjs',
      '--test',
      '--test-reporter=./scripts/reporter.mjs',
      '--test-reporter-destination=stdout',
      file,
    ],
    { env: { ...env, DAGPY_TEST_SUMMARY: report, NODE_OPTIONS: '' } },
  );
  const { passed, failed } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { passed: 0, failed: 0 };
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}

/** In JupyterLab. */
async function runStory(file, env) {
  const { passed, failed, code } = await runStories({ words: [basename(file)], app: 'lab', env });
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}

const columns = ['file', 'tried', 'tests', 'failed', 'took', 'date'];

/** The table with the rows of `results` in place of older ones; others stay, unless their file is gone. */
function withRows(lines, results) {
  const rows = new Map();
  for (const line of lines) {
    const file = /^\| `([^`]+)` \|/.exec(line)?.[1];
    if (file !== undefined && existsSync(join(root, file))) rows.set(file, line);
  }
  for (const { file, passed, failed, counted, took, date } of results) {
    const tried = [...counted].map(([what, count]) => `${count.toLocaleString('en')} ${what}`).join(', ');
    rows.set(file, tableRow([`\`${file}\``, tried, passed + failed, failed, took, date]));
  }
  return [
    tableRow(columns),
    tableRow(['---', '---', '--:', '--:', '--:', '---']),
    ...[...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  ];
}

if (isMain(import.meta.url))
  await start(async () => {
    const { values, positionals: words } = parseArgs({
      allowPositionals: true,
      options: {
        times: { type: 'string', default: '1' },
        'no-table': { type: 'boolean', default: false },
      },
    });
    const times = Number(values.times);
    if (!(times > 0)) throw new ScriptError(`--times takes a number above 0, not ${values.times}`);
    const files = longFiles(words);
    if (files.length === 0) throw new ScriptError(`no file of the long part is called ${words.join(' or ')}`);
    await setup();
    await build({ types: false });
    mkdirSync(join(root, 'build'), { recursive: true });
    const results = [];
    for (const file of files) {
      const began = performance.now();
      console.log(`\n${file}`);
      const result = await runFile(file, times);
      const took = seconds(began);
      results.push({ file, ...result, took, date: new Date().toISOString().slice(0, 10) });
      const tried = [...result.counted].map(([what, count]) => `, ${count} ${what}`).join('');
      console.log(`  ${result.passed} passed, ${result.failed} failed${tried} (${took})`);
      // one after the other, so that what was done counts if the rest is cut short
      if (!values['no-table']) rewritePart(page, 'long', lines => withRows(lines, results));
    }
    const failed = results.reduce((sum, result) => sum + result.failed, 0);
    console.log(`\n${results.reduce((sum, { passed }) => sum + passed, 0)} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  });
