// `npm run demo`: sets up, runs the project of the root dag.json, edits one cell, runs what that affects, says what ran,
// what did not and why, and puts the edit back. Fails if the demo project did not behave as it tells.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { buildLabExtension } from './labextension.mjs';
import { setup } from './setup.mjs';
import { ScriptError, root, start, venvBin } from './tools.mjs';

const edited = { block: 'trend', file: join(root, 'demo', 'trend.ipynb'), name: 'window', value: 24 };
/** Other widths in months. Under each, the trend passes its milestones in the same years: `pace` needs no run. */
const otherValues = [36, 48, 38, 44, 26, 46];
const lastValueFile = join(root, 'build', 'demo-value');
const report = join('demo', 'output', 'report.md');

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = code => text => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
const bold = paint(1);
const faint = paint(2);
const green = paint(32);
const blue = paint(34);

let interrupted = false;

function say(...lines) {
  for (const line of lines) console.log(line);
}

function heading(text) {
  say('', bold(text));
}

/** Runs `dagpy`; what it says to people goes through, its JSON (with `--json`) is parsed and returned. */
async function dagpy(...args) {
  if (interrupted) throw new ScriptError('interrupted');
  const json = args.includes('--json');
  say(faint(`$ dagpy ${args.join(' ')}`));
  const child = spawn(venvBin('dagpy'), ['-C', root, ...args], {
    cwd: root,
    stdio: ['ignore', json ? 'pipe' : 'inherit', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', chunk => (output += chunk));
  const code = await new Promise((resolve, reject) => {
    child.on('error', error => reject(new ScriptError(`dagpy does not start: ${error.message}`)));
    child.on('close', exit => resolve(exit ?? 1));
  });
  if (interrupted) throw new ScriptError('interrupted');
  if (code !== 0) throw new ScriptError(`dagpy ${args.join(' ')} ended with exit code ${code}`);
  return json ? JSON.parse(output) : undefined;
}

/** The line of the cell as it lies in the file, JSON quotes and all, so that nothing else can match. */
const lineWith = value => `"${edited.name} = ${value}  # months\\n"`;

function replaceFile(file, content) {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

/** Puts the original value into the cell, and touches nothing else. Returns whether it was another one. */
function putBack() {
  const text = readFileSync(edited.file, 'utf8');
  const other = otherValues.find(value => text.includes(lineWith(value)));
  if (other === undefined) return false;
  replaceFile(edited.file, text.replace(lineWith(other), lineWith(edited.value)));
  return true;
}

/** A value that the last starts of the demo did not use, so that its result is not in the cache already. */
function nextValue() {
  const last = existsSync(lastValueFile) ? Number(readFileSync(lastValueFile, 'utf8')) : NaN;
  const value = otherValues[(otherValues.indexOf(last) + 1) % otherValues.length];
  mkdirSync(join(root, 'build'), { recursive: true });
  writeFileSync(lastValueFile, String(value));
  return value;
}

function expect(condition, what) {
  if (!condition) throw new ScriptError(`the demo expected that ${what}`);
}

/** One line a block: what the run did with it, and why. */
function explain(before, run) {
  const width = Math.max(...before.blocks.map(block => block.id.length));
  for (const { id, state, reasons, seconds } of before.blocks) {
    const why = reasons.map(reason => reason.detail).join('; ');
    let line;
    if (run.executed.includes(id)) line = blue('▶ ran      ') + faint(why);
    else if (run.restored.includes(id)) line = green('↺ restored ') + faint(why);
    else if (state === 'affected') line = green('✓ kept     ') + faint('what it reads came out the same');
    else {
      const saved = seconds === null ? '' : `, ${seconds.toFixed(1)} s saved`;
      line = green('✓ kept     ') + faint(`reads nothing that changed${saved}`);
    }
    say(`  ${id.padEnd(width)}  ${line}`);
  }
}

async function demo() {
  await setup();
  await build({ types: false });
  await buildLabExtension();
  if (putBack()) say(`An earlier demo was cut short: demo/${edited.block}.ipynb has its value back.`);

  heading('1. A project of twelve blocks: carbon dioxide over Mauna Loa');
  say(
    'Its blocks are the notebooks in demo/, its edges are in dag.json.',
    'A first start computes everything; later ones find it in the cache.',
  );
  await dagpy('run');
  await dagpy('status');

  const original = readFileSync(edited.file);
  const value = nextValue();
  expect(
    original.includes(lineWith(edited.value)),
    `demo/${edited.block}.ipynb says ${lineWith(edited.value)}`,
  );
  try {
    heading(`2. One cell is edited: in ${edited.block}, ${edited.name} = ${edited.value} becomes ${value}`);
    replaceFile(edited.file, original.toString('utf8').replace(lineWith(edited.value), lineWith(value)));
    await dagpy('why', edited.block);
    const before = await dagpy('status', '--json');
    const run = await dagpy('run', 'affected', '--json');
    say('');
    explain(before, run);
    const untouched = before.blocks.length - run.executed.length - run.restored.length;
    say(
      '',
      `${run.executed.length} blocks ran, ${untouched} did not have to, in ${run.seconds.toFixed(1)} s.`,
    );
    const answered = [...run.executed, ...run.restored];
    expect(answered.includes(edited.block), `${edited.block} runs after its edit`);
    expect(!answered.includes('model'), 'the model, which does not read the trend, is kept');
    expect(!answered.includes('pace'), 'pace, whose milestones came out the same, is kept');
  } finally {
    if (putBack()) say(faint(`demo/${edited.block}.ipynb has its value back`));
  }

  heading('3. The edit is undone');
  replaceFile(edited.file, original);
  const undone = await dagpy('run', 'affected', '--json');
  say(
    `${undone.restored.length} blocks restored, ${undone.executed.length} ran, in ${undone.seconds.toFixed(1)} s:`,
    'the results from before the edit were still there.',
  );
  expect(undone.executed.length === 0, 'undoing an edit runs nothing');
  expect(
    readFileSync(edited.file).equals(original),
    `demo/${edited.block}.ipynb is as it was, byte for byte`,
  );

  heading(`The result: ${report}`);
  say(readFileSync(join(root, report), 'utf8').trimEnd(), '');
  say(faint('`npm run lab` opens the same project in JupyterLab.'), '');
}

// The terminal interrupts dagpy too, which ends cleanly; the demo then puts the edit back on its way out.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (interrupted = true));
await start(async () => {
  try {
    await demo();
  } catch (error) {
    if (!interrupted) throw error;
    console.error('interrupted');
    return 130;
  }
});
