// Makes the bundle of src/cli/main.ts: `engine.cjs`, which every call starts, and beside it packs that calls load when
// they need them. esbuild splits the code at its dynamic imports into many small chunks; chunks that are needed together
// lie in one pack, since opening a file costs more than compiling what it holds.
// In the bundle, `process.env.DAGPY_VERSION` is the version in package.json.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ScriptError, root } from './tools.mjs';

const entry = 'src/cli/main.ts';

/** Modules behind dynamic imports that share a pack; every other one gets a pack under its own name. */
const packOf = {
  'src/cli/main.ts': 'engine',
  'src/cli/carryOut.ts': 'quick',
  'src/cli/commands/run.ts': 'quick',
  'src/cli/commands/handOver.ts': 'handOver',
  'src/cli/openProject.ts': 'project',
  'src/cli/commands/execute.ts': 'project',
  'src/adapters/workers/pool.ts': 'project',
  'src/adapters/store/collect.ts': 'cache',
};

/** @returns {Promise<{ packs: Map<string, string>, inputs: string[] }>} text of each pack by its name; sources that went in */
export async function makePacks() {
  const { build, transform } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir: 'chunks',
    chunkNames: '[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    charset: 'utf8',
    legalComments: 'none',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    // What packages try to load and do without.
    external: ['msgpackr-extract', 'bufferutil', 'utf-8-validate'],
    alias: {
      // The package's main file holds twenty hash functions; this one holds blake3 alone.
      'hash-wasm': join(root, 'node_modules', 'hash-wasm', 'dist', 'blake3.umd.min.js'),
    },
    define: {
      'process.env.DAGPY_VERSION': JSON.stringify(version),
      'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"',
    },
    logLevel: 'silent',
  }).catch(error => {
    const problems = (error.errors ?? []).map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    );
    throw new ScriptError(`esbuild failed\n${problems.join('\n') || error.message}`);
  });
  const homes = assign(metafile.outputs);
  const members = new Map();
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    // CommonJS starts twice as fast as a module here: importing a built-in module enumerates all its lazy parts.
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node22',
      minify: true,
      charset: 'utf8',
      supported: { 'dynamic-import': false },
    });
    const home = homes.get(name);
    // Never run: it only tells Node's module loader, which does not load these, what is exported.
    const body = withoutHelpers(code.replace(/0&&\(module\.exports=\{[\w$,]*\}\);?\s*$/, ''));
    const member = `${JSON.stringify(name)}(require,module,exports,$export){${body}}`;
    members.set(home, [...(members.get(home) ?? []), member]);
  }
  const elsewhere = Object.fromEntries([...homes].filter(([, home]) => home !== 'engine'));
  const packs = new Map(
    [...members].map(([home, chunks]) => [
      home,
      `({chunks:{${chunks.join(',\n')}}${home === 'engine' ? `,packs:${JSON.stringify(elsewhere)}` : ''}})`,
    ]),
  );
  return { packs, inputs: Object.keys(metafile.inputs) };
}

const word = '[\\w$]+';
const helpers = new RegExp(
  `^var ${word}=Object\\.defineProperty;(?:var ${word}=Object\\.[\\w.]+;){3}` +
    `var ${word}=\\(${word},${word}\\)=>\\{for\\(.{0,400}?;` +
    `var (${word})=${word}=>${word}\\(${word}\\(\\{\\},"__esModule",\\{value:!0\\}\\),${word}\\);` +
    `var (${word})=\\{\\};${word}\\(\\2,(\\{.*?\\})\\);module\\.exports=\\1\\(\\2\\);`,
);

/** esbuild begins each chunk with its own helpers for exports; one of the start file serves all. */
const withoutHelpers = code =>
  code.replace(helpers, (_, _make, _name, exported) => `$export(exports,${exported});`);

/** Chunk to pack: the first of those that a run loads if they need it, else the only one that does, else `shared`. */
function assign(outputs) {
  const chunks = new Map(Object.entries(outputs).map(([path, output]) => [basename(path), output]));
  const reached = (name, into = new Set()) => {
    if (into.has(name)) return into;
    into.add(name);
    for (const { path, kind } of chunks.get(name).imports)
      if (kind === 'import-statement' && chunks.has(basename(path))) reached(basename(path), into);
    return into;
  };
  const needs = new Map();
  for (const [name, { entryPoint }] of chunks) {
    if (entryPoint === undefined) continue;
    const pack = packOf[entryPoint] ?? basename(entryPoint, '.ts');
    for (const chunk of reached(name)) needs.set(chunk, [...(needs.get(chunk) ?? []), pack]);
  }
  const homes = new Map();
  for (const [name, packs] of needs) {
    const wanted = new Set(packs);
    const [only] = wanted;
    const first = ['engine', 'quick', 'handOver', 'project'].find(pack => wanted.has(pack));
    homes.set(name, first ?? (wanted.size === 1 ? only : 'shared'));
  }
  return homes;
}
