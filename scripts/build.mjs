// Builds the bundle that `dagpy` and the daemon are: `tsc -b` checks types, esbuild makes one file of src/cli/main.ts.
//   --bundle-only   no type check (packaging)      --if-needed   nothing where sources are unchanged
// In the bundle, `process.env.DAGPY_VERSION` is the version in package.json.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  ScriptError,
  bundleFolder,
  digestOf,
  filesBelow,
  isMain,
  quietly,
  root,
  seconds,
  start,
} from './tools.mjs';
import { setupNode } from './setup.mjs';

const entry = 'src/cli/main.ts';
const bundle = join(bundleFolder, 'engine.cjs');
const startFile = join(bundleFolder, 'dagpy.cjs');
const licencesFile = join(bundleFolder, 'LICENSES.txt');
const stampFile = join(bundleFolder, 'sources.sha256');
const largestBundle = 300_000;

/** Checks types, then makes the bundle where its sources changed. Returns its size in bytes. */
export async function build({ types = true, ifNeeded = true, log = console.log } = {}) {
  if (types) {
    await setupNode({ log });
    await checkTypes();
  }
  const sources = [
    ...filesBelow('src', file => /\.(ts|json)$/.test(file) && !file.endsWith('tsconfig.json')),
    ...['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/bin/start.cjs'],
  ];
  const digest = digestOf(sources);
  if (!(ifNeeded && isBuilt(digest))) {
    const began = performance.now();
    if (!existsSync(join(root, entry)))
      throw new ScriptError(`${entry} is missing, so there is nothing to build`);
    await setupNode({ log });
    await makeBundle(digest);
    log(`build: ${Math.round(statSync(bundle).size / 1000)} kB in ${seconds(began)}`);
  }
  const { size } = statSync(bundle);
  if (size > largestBundle) throw new ScriptError(`the bundle has ${size} bytes, more than ${largestBundle}`);
  return size;
}

export async function checkTypes() {
  await quietly('tsc -b', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
}

function isBuilt(digest) {
  return (
    [bundle, startFile, licencesFile, stampFile].every(file => existsSync(file)) &&
    readFileSync(stampFile, 'utf8') === digest
  );
}

async function makeBundle(digest) {
  const { build: esbuild } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { outputFiles, metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    charset: 'utf8',
    legalComments: 'none',
    // CommonJS starts twice as fast as a module here: importing a built-in module enumerates all its lazy parts.
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    external: ['msgpackr-extract'],
    alias: {
      // The package's main file holds twenty hash functions; this one holds blake3 alone.
      'hash-wasm': join(root, 'node_modules', 'hash-wasm', 'dist', 'blake3.umd.min.js'),
    },
    define: {
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
      'import.meta.url': '__bundleUrl',
      'process.env.DAGPY_VERSION': JSON.stringify(version),
      'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"',
    },
    banner: { js: "const __bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'silent',
  }).catch(error => {
    const problems = (error.errors ?? []).map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    );
    throw new ScriptError(`esbuild failed\n${problems.join('\n') || error.message}`);
  });
  mkdirSync(bundleFolder, { recursive: true });
  const { contents } = outputFiles[0];
  // The start file keeps compiled code under this digest.
  const head = `// ${createHash('sha256').update(contents).digest('hex').slice(0, 32)}\n`;
  replaceFile(bundle, Buffer.concat([Buffer.from(head), contents]));
  replaceFile(startFile, readFileSync(join(root, 'scripts', 'bin', 'start.cjs')));
  replaceFile(licencesFile, licencesOf(Object.keys(metafile.inputs)));
  replaceFile(stampFile, digest);
}

/** The licences of the packages that went into the bundle, which keeps none of their comments. */
function licencesOf(inputs) {
  const packages = new Set(
    inputs.flatMap(file => /\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  const texts = [...packages].sort().map(folder => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find(entry => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

function replaceFile(file, contents) {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, file);
}

if (isMain(import.meta.url)) {
  await start(async () => {
    const flags = new Set(process.argv.slice(2));
    const size = await build({ types: !flags.has('--bundle-only'), ifNeeded: flags.has('--if-needed') });
    console.log(`build: jupyterlab_dagpy/_engine/engine.cjs is up to date, ${size} bytes`);
  });
}
