// Builds the extension for JupyterLab and Notebook 7 into jupyterlab_dagpy/labextension: esbuild takes the types out of
// src/lab and of what it imports (lib/), @jupyter/builder bundles that with the npm packages that Lab does not share.
//   --if-needed   nothing where sources are unchanged
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ScriptError, digestOf, filesBelow, isMain, quietly, root, seconds, start } from './tools.mjs';
import { setupNode } from './setup.mjs';

const output = join(root, 'jupyterlab_dagpy', 'labextension');
const stampFile = join(root, 'jupyterlab_dagpy', 'labextension.sha256');
const sourceFolders = ['src/lab', 'src/protocol', 'src/dagLayout'];

export async function buildLabExtension({ ifNeeded = true, log = console.log } = {}) {
  const code = sourceFolders.flatMap(folder => filesBelow(folder, file => /\.tsx?$/.test(file)));
  const digest = digestOf([
    ...code,
    ...filesBelow('style', () => true),
    ...filesBelow('schema', () => true),
    'package.json',
    'package-lock.json',
    'scripts/labextension.mjs',
  ]);
  const isBuilt =
    existsSync(join(output, 'package.json')) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === digest;
  if (ifNeeded && isBuilt) return;
  const began = performance.now();
  await setupNode({ log });
  const { build } = await import('esbuild');
  rmSync(join(root, 'lib'), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: code,
    outdir: 'lib',
    outbase: 'src',
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    sourcemap: true,
    logLevel: 'silent',
  }).catch(error => {
    throw new ScriptError(`esbuild failed\n${error.message}`);
  });
  rmSync(stampFile, { force: true });
  mkdirSync(dirname(output), { recursive: true });
  await quietly('@jupyter/builder', process.execPath, [
    join(root, 'node_modules', '@jupyter', 'builder', 'lib', 'build-labextension.js'),
    '--core-package-file',
    join(root, 'node_modules', '@jupyterlab', 'core-meta', 'core.package.json'),
    root,
  ]);
  writeFileSync(stampFile, digest);
  log(`build: labextension in ${seconds(began)}`);
}

if (isMain(import.meta.url)) {
  await start(async () => {
    await buildLabExtension({ ifNeeded: process.argv.includes('--if-needed') });
    console.log('build: jupyterlab_dagpy/labextension is up to date');
  });
}
