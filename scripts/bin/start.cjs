'use strict';
// Copied beside the bundle by the build: refuses a Node that is too old with a message rather than a syntax error, and
// keeps V8's compiled code between starts. Node's own compile cache holds only what is compiled at once, so that each
// start compiles all functions that it calls again, which takes longer than what they then do.
if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(
    'dagpy: needs Node 22 or newer, and this is ' +
      process.version +
      ' (' +
      process.execPath +
      ')\n' +
      'dagpy: unset DAGPY_NODE to use the Node that comes with jupyterlab-dagpy\n',
  );
  process.exit(2);
}
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

/** Compiled code that nobody started for so long is deleted when new code is kept, milliseconds. */
const FORGOTTEN_AFTER = 60 * 86400000;

const user = process.env.XDG_CACHE_HOME || (process.env.HOME ? path.join(process.env.HOME, '.cache') : '');
const folder = path.join(user, 'dagpy', 'v8');

/** What a file of the bundle evaluates to. */
function evaluate(name) {
  const filename = path.join(__dirname, `${name}.cjs`);
  const source = fs.readFileSync(filename, 'utf8');
  // V8 compares no more of the source than its length, so the name holds the digest that the file begins with.
  const digest = /^\/\/ ([0-9a-f]{32})\n/.exec(source);
  const kept = user && digest ? path.join(folder, `${digest[1]}-${process.version}-${process.arch}`) : '';
  const compile = cachedData => new vm.Script(source, { filename, cachedData });
  const cached = kept && read(kept);
  let script = cached ? compile(cached) : kept ? compileAll(compile, kept) : compile();
  if (script.cachedDataRejected) script = compileAll(compile, kept);
  return script.runInThisContext();
}

function read(kept) {
  try {
    return fs.readFileSync(kept);
  } catch {
    return undefined;
  }
}

/** Compiles every function, once, and keeps the result; that it can not be kept costs only time. */
function compileAll(compile, kept) {
  const { setFlagsFromString } = require('node:v8');
  setFlagsFromString('--no-lazy');
  const script = compile();
  setFlagsFromString('--lazy');
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const unfinished = `${kept}.${process.pid}.tmp`;
    const descriptor = fs.openSync(unfinished, 'w', 0o600);
    fs.writeSync(descriptor, script.createCachedData());
    fs.fsyncSync(descriptor);
    fs.closeSync(descriptor);
    fs.renameSync(unfinished, kept);
    for (const name of fs.readdirSync(folder)) forget(path.join(folder, name));
  } catch {
    // A full disk, or a folder of somebody else.
  }
  return script;
}

function forget(file) {
  const { atimeMs, mtimeMs } = fs.statSync(file);
  if (Math.max(atimeMs, mtimeMs) + FORGOTTEN_AFTER < Date.now())
    fs.rmSync(file, { recursive: true, force: true });
}

const engine = evaluate('engine');
const chunks = engine.chunks;
const modules = new Map();

/** Exports of a chunk are there before its code runs, as names that are looked up when they are used. */
function exportTo(target, getters) {
  for (const name in getters) Object.defineProperty(target, name, { get: getters[name], enumerable: true });
}

/** `require` of the bundle: its own chunks by name, from the file they lie in; everything else is Node's. */
function requireChunk(name) {
  if (!name.startsWith('./')) return require(name);
  const chunk = name.slice(2);
  let known = modules.get(chunk);
  if (known === undefined) {
    if (chunks[chunk] === undefined) Object.assign(chunks, evaluate(engine.packs[chunk]).chunks);
    known = { exports: {} };
    modules.set(chunk, known);
    chunks[chunk](requireChunk, known, known.exports, exportTo);
  }
  return known.exports;
}
requireChunk('./main.js');
