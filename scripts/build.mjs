// Builds the program `dagpy` and the extension for JupyterLab: `tsc -b` checks types, esbuild makes the bundle
// (bundle.mjs), labextension.mjs the extension.
//   --bundle-only   the bundle alone, no type check      --if-needed   nothing where sources are unchanged
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
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
import { makePacks } from './bundle.mjs';
import { buildLabExtension } from './labextension.mjs';
import { setupNode } from './setup.mjs';

const entry = 'src/cli/main.ts';
const packFile = name => join(bundleFolder, `${name}.cjs`);
const startFile = join(bundleFolder, 'dagpy.cjs');
const licencesFile = join(bundleFolder, 'LICENSES.txt');
const stampFile = join(bundleFolder, 'sources.sha256');
/** Fonts of PNG pictures, for machines without any. */
const fontsFolder = join(bundleFolder, 'fonts');
const fontPackage = join('node_modules', 'dejavu-fonts-ttf');
const fonts = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'];
/** Bytes of what `dagpy run` loads. */
const largestRun = 316_000;
const sizeOfRun = () =>
  ['engine', 'quick', 'handOver', 'project'].reduce((sum, name) => sum + statSync(packFile(name)).size, 0);

/** Checks types, then makes the bundle where its sources changed. Returns its size in bytes. */
export async function build({ types = true, ifNeeded = true, log = console.log } = {}) {
  if (types) {
    await setupNode({ log });
    await checkTypes();
  }
  const sources = [
    ...filesBelow('src', file => /\.(ts|json)$/.test(file) && !file.endsWith('tsconfig.json')),
    ...[
      'package.json',
      'package-lock.json',
      'scripts/build.mjs',
      'scripts/bundle.mjs',
      'scripts/bin/start.cjs',
    ],
  ];
  const digest = digestOf(sources);
  if (!(ifNeeded && isBuilt(digest))) {
    const began = performance.now();
    if (!existsSync(join(root, entry)))
      throw new ScriptError(`${entry} is missing, so there is nothing to build`);
    await setupNode({ log });
    await makeBundle(digest);
    log(`build: ${Math.round(sizeOfRun() / 1000)} kB for a run, in ${seconds(began)}`);
  }
  const size = sizeOfRun();
  if (size > largestRun)
    throw new ScriptError(`a run loads ${size} bytes of the bundle, more than ${largestRun}`);
  return size;
}

export async function checkTypes() {
  await quietly('tsc -b', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
}

function isBuilt(digest) {
  return (
    [
      packFile('engine'),
      startFile,
      licencesFile,
      stampFile,
      ...fonts.map(font => join(fontsFolder, font)),
    ].every(file => existsSync(file)) && readFileSync(stampFile, 'utf8') === digest
  );
}

async function makeBundle(digest) {
  const { packs, inputs } = await makePacks();
  mkdirSync(bundleFolder, { recursive: true });
  // The entry last: what it names is there when it appears.
  for (const [name, text] of [...packs].sort(([name]) => (name === 'engine' ? 1 : -1))) {
    // The start file keeps compiled code under this digest.
    const head = `// ${createHash('sha256').update(text).digest('hex').slice(0, 32)}\n`;
    replaceFile(packFile(name), head + text);
  }
  for (const name of readdirSync(bundleFolder))
    if (name.endsWith('.cjs') && name !== 'dagpy.cjs' && !packs.has(name.slice(0, -'.cjs'.length)))
      rmSync(join(bundleFolder, name));
  replaceFile(startFile, readFileSync(join(root, 'scripts', 'bin', 'start.cjs')));
  mkdirSync(fontsFolder, { recursive: true });
  for (const font of fonts)
    replaceFile(join(fontsFolder, font), readFileSync(join(root, fontPackage, 'ttf', font)));
  replaceFile(licencesFile, licencesOf([...inputs, fontPackage]));
  replaceFile(stampFile, digest);
}

/** The licences of the packages that went into the bundle, which keeps none of their comments, and of the fonts. */
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
    const [all, ifNeeded] = [!flags.has('--bundle-only'), flags.has('--if-needed')];
    const size = await build({ types: all, ifNeeded });
    console.log(`build: jupyterlab_dagpy/_engine is up to date; a run loads ${size} bytes`);
    if (!all) return;
    await buildLabExtension({ ifNeeded });
    console.log('build: jupyterlab_dagpy/labextension is up to date');
  });
}
