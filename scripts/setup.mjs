// Sets up what development needs: node_modules from the lock, .venv from requirements/dev.txt, and the package itself
// installed in place. Does nothing, quickly, where that is done already.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  ScriptError,
  digestOf,
  isMain,
  npmCommand,
  quietly,
  root,
  run,
  seconds,
  start,
  venv,
  venvBin,
  windows,
} from './tools.mjs';

const oldestPython = [3, 10];

export async function setup({ log = console.log } = {}) {
  // One that several checkouts share is as its owner set it up.
  const isShared = lstatSync(venv, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  await Promise.all([setupNode({ log }), ...(isShared ? [] : [setupPython({ log })])]);
  if (!isShared) linkLabExtension();
}

/** Installs node_modules when they are not what the lock says. */
export async function setupNode({ log = console.log } = {}) {
  if (nodeModulesMatchLock()) return;
  const began = performance.now();
  log('setup: installing node_modules (npm ci)');
  const [command, ...args] = npmCommand();
  await quietly('npm ci', command, [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    env: { NODE_ENV: '' },
  });
  log(`setup: node_modules ready in ${seconds(began)}`);
}

function nodeModulesMatchLock() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

/** Makes .venv, installs the pinned requirements and the package in place. */
export async function setupPython({ log = console.log } = {}) {
  const requirements = 'requirements/dev.txt';
  const stampFile = join(venv, 'dagpy-setup.json');
  const wanted = {
    // a checkout that was moved is installed anew: .venv names where it was
    place: root,
    requirements: digestOf([requirements]),
    project: digestOf([
      'pyproject.toml',
      'hatch_build.py',
      'package.json',
      'scripts/bin/dagpy',
      'scripts/bin/dagpy.cmd',
      'jupyter-config/server-config/jupyterlab_dagpy.json',
    ]),
  };
  const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
  const vendored = join(root, 'jupyterlab_dagpy', 'worker', 'vendored', '__init__.py');
  const usable = existsSync(venvBin('python'));
  if (
    usable &&
    stamp.place === wanted.place &&
    stamp.requirements === wanted.requirements &&
    stamp.project === wanted.project &&
    existsSync(vendored)
  )
    return;

  const began = performance.now();
  if (!usable) {
    const [command, ...args] = await findPython();
    log('setup: making .venv');
    rmSync(venv, { recursive: true, force: true });
    const made = await run(command, [...args, '-m', 'venv', venv], { capture: true });
    if (made.code !== 0) {
      rmSync(venv, { recursive: true, force: true });
      throw new ScriptError(
        `python -m venv failed; on Debian and Ubuntu, install python3-venv\n${made.output.trimEnd()}`,
      );
    }
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  if (stamp.requirements !== wanted.requirements) {
    log(`setup: installing ${requirements} (pip)`);
    await quietly('pip install', venvBin('python'), [...pip, '-r', requirements]);
  }
  log('setup: installing jupyterlab-dagpy in place');
  await quietly('pip install', venvBin('python'), [...pip, '--no-build-isolation', '--no-deps', '-e', root]);
  writeFileSync(stampFile, JSON.stringify(wanted));
  log(`setup: .venv ready in ${seconds(began)}`);
}

/**
 * jupyter-collaboration changes how every notebook is opened, so it lies in a folder of its own, which only the server of
 * the stories about it is told of. What it needs besides is in .venv.
 */
export async function setupCollaboration({ log = console.log } = {}) {
  const requirements = 'requirements/collaboration.txt';
  const folder = join(root, 'build', 'collaboration');
  const stampFile = join(folder, 'dagpy-setup.json');
  const wanted = JSON.stringify({
    requirements: digestOf([requirements]),
    python: (
      await quietly('python', venvBin('python'), ['-c', 'import sys; print(*sys.version_info[:2])'])
    ).trim(),
  });
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  const began = performance.now();
  log(`setup: installing ${requirements} (pip)`);
  rmSync(folder, { recursive: true, force: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  await quietly('pip install', venvBin('python'), [...pip, '--target', folder, '-r', requirements]);
  writeFileSync(stampFile, wanted);
  log(`setup: jupyter-collaboration ready in ${seconds(began)}`);
}

/** JupyterLab and Notebook of .venv find the extension as it was built last, or none before the first build. */
function linkLabExtension() {
  const link = join(venv, 'share', 'jupyter', 'labextensions', 'jupyterlab-dagpy');
  const target = join(root, 'jupyterlab_dagpy', 'labextension');
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(link) === target) return;
  rmSync(link, { recursive: true, force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link, windows ? 'junction' : 'dir');
}

async function findPython() {
  const names = ['python3', ...[14, 13, 12, 11, 10].map(minor => `python3.${minor}`), 'python'];
  const candidates = [
    ...(process.env.PYTHON ? [[process.env.PYTHON]] : []),
    ...names.map(name => [name]),
    ...(windows ? [['py', '-3']] : []),
  ];
  for (const [command, ...args] of candidates) {
    const { code, output } = await run(command, [...args, '-c', 'import sys; print(*sys.version_info[:2])'], {
      capture: true,
    });
    const [major, minor] = output.trim().split(' ').map(Number);
    if (code === 0 && major === oldestPython[0] && minor >= oldestPython[1]) return [command, ...args];
  }
  throw new ScriptError(
    `no Python ${oldestPython.join('.')} or newer was found; install one, or name it in PYTHON`,
  );
}

if (isMain(import.meta.url)) {
  await start(async () => {
    const began = performance.now();
    await setup();
    console.log(`setup: done in ${seconds(began)}`);
  });
}
