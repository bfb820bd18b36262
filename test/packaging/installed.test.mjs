// Installed as people install it: wheel with everything it requires, in a clean environment, on a machine without Node;
// blocks run, an upgrade keeps projects and caches. With DAGPY_ALL_PYTHONS=1 on every Python from 3.10 on that is found
// here, and from the sdist too (`npm run test:pythons`).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

const root = join(import.meta.dirname, '..', '..');
const own = join(root, '.venv', 'bin', 'python');
const all = process.env.DAGPY_ALL_PYTHONS === '1';
const folder = mkdtempSync(join(tmpdir(), 'dagpy-installed-'));

function call(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    ...options,
  });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

/** Interpreters of Python 3.10 and later, one of each minor version. */
function pythons() {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const candidates = [
    ...(existsSync(pyenv) ? readdirSync(pyenv).map(name => join(pyenv, name, 'bin', 'python')) : []),
    ...['10', '11', '12', '13', '14'].flatMap(minor => `/usr/bin/python3.${minor}`),
  ];
  const found = new Map();
  for (const candidate of [own, ...(all ? candidates : [])]) {
    const asked = spawnSync(candidate, ['-c', 'import sys, venv, ensurepip; print(*sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    if (asked.status !== 0) continue;
    const [major, minor] = asked.stdout.trim().split(' ').map(Number);
    if (major === 3 && minor >= 10 && !found.has(minor)) found.set(minor, realpathSync(candidate));
  }
  return [...found].sort(([a], [b]) => a - b).map(([minor, file]) => ({ name: `Python 3.${minor}`, file }));
}

const cells = {
  load: [
    'class Point:\n    def __init__(self, x): self.x = x\n    def twice(self): return self.x * factor\nfactor = 2\npoints = [Point(n) for n in range(3)]',
  ],
  show: ['print([point.twice() for point in points], isinstance(points[0], Point))'],
  draw: ['import random\nprint(random.random() < 1)'],
};

function makeProject(path) {
  mkdirSync(path);
  const blocks = {};
  for (const [id, sources] of Object.entries(cells)) {
    const notebook = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: sources.map((source, place) => ({
        cell_type: 'code',
        id: `cell-${place}`,
        metadata: {},
        source,
        outputs: [],
        execution_count: null,
      })),
    };
    writeFileSync(join(path, `${id}.ipynb`), JSON.stringify(notebook, null, 1));
    blocks[id] = { notebook: `${id}.ipynb`, ...(id === 'show' ? { parents: ['load'] } : {}) };
  }
  writeFileSync(join(path, 'dag.json'), JSON.stringify({ version: 1, name: 'p', kernel: 'python3', blocks }));
}

const shown = (path, id) =>
  JSON.parse(readFileSync(join(path, `${id}.ipynb`), 'utf8'))
    .cells[0].outputs.map(({ text }) => text.join(''))
    .join('');

/** A wheel of a checkout, with another version if one is given. */
function buildWheel(into, version) {
  let source = root;
  if (version !== undefined) {
    source = join(folder, 'next');
    mkdirSync(source);
    const copied = [
      ...['package.json', 'package-lock.json', 'pyproject.toml', 'hatch_build.py', 'README.md', 'LICENSE'],
      ...['tsconfig.json', 'tsconfig.base.json', 'install.json', 'jupyter-config', 'jupyterlab_dagpy'],
      ...['schema', 'scripts', 'src', 'style'],
    ];
    for (const name of copied) cpSync(join(root, name), join(source, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
    const file = join(source, 'package.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/^ {2}"version": "[^"]+"/m, `  "version": "${version}"`),
    );
  }
  call(own, ['-m', 'build', '--wheel', '--no-isolation', '--outdir', into], { cwd: source });
  return join(
    into,
    readdirSync(into).find(
      name => name.endsWith('.whl') && (version === undefined || name.includes(version)),
    ),
  );
}

/** JupyterLab finds the extension in the environment, and a Jupyter server started there has the daemon running. */
async function servesTheProject(place, project, environment) {
  const bin = join(place, 'venv', 'bin');
  const extension = join(place, 'venv', 'share', 'jupyter', 'labextensions', 'jupyterlab-dagpy');
  assert.ok(existsSync(join(extension, 'install.json')));
  // JupyterLab itself takes a minute to install: that of the checkout looks into the environment
  const labextensions = spawnSync(own, ['-m', 'jupyterlab.labextensions', 'list'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, JUPYTER_PATH: join(place, 'venv', 'share', 'jupyter') },
  });
  const listed = labextensions.stdout + labextensions.stderr;
  assert.match(listed, /jupyterlab-dagpy v\S+ .*enabled.* .*OK.*\(python, jupyterlab-dagpy\)/);
  assert.ok(listed.includes(join(place, 'venv', 'share', 'jupyter', 'labextensions')), listed);

  const server = spawn(
    join(bin, 'jupyter-server'),
    [
      '--no-browser',
      '--allow-root',
      '--port=0',
      '--IdentityProvider.token=known',
      `--ServerApp.root_dir=${project}`,
    ],
    {
      cwd: project,
      env: { ...environment, PATH: `${bin}:/usr/bin:/bin` },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  try {
    let said = '';
    server.stderr.setEncoding('utf8').on('data', chunk => (said += chunk));
    const ask = async () => {
      const [, url] = /(http:\/\/127\.0\.0\.1:\d+\/)/.exec(said) ?? [];
      if (url === undefined) return undefined;
      const response = await fetch(`${url}dagpy/v1/calls/view`, {
        method: 'POST',
        headers: { Authorization: 'token known', 'Content-Type': 'application/json' },
        body: JSON.stringify({ project: '' }),
      }).catch(() => undefined);
      return response?.ok ? response.json() : undefined;
    };
    let view;
    for (let tries = 0; tries < 200 && view === undefined && server.exitCode === null; tries += 1) {
      await pause(100);
      view = await ask();
    }
    assert.ok(view, said);
    assert.deepEqual(
      Object.fromEntries(view.blocks.map(({ id, state }) => [id, state])),
      Object.fromEntries(Object.keys(cells).map(id => [id, 'fresh'])),
    );
    assert.match(said, /jupyterlab_dagpy \| extension was successfully loaded/);
  } finally {
    server.kill();
    await once(server, 'close');
  }
}

const skip = process.platform === 'win32' && 'uses a POSIX environment';

describe('installed', { skip }, () => {
  let wheel;
  let next;
  before(() => {
    wheel = buildWheel(join(folder, 'wheels'));
    next = buildWheel(join(folder, 'wheels'), '99.0.0');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const { name, file } of pythons()) {
    test(`${name}: blocks run, an upgrade runs nothing again, and a Jupyter server serves them`, async () => {
      const place = join(folder, name.replace(' ', '-'));
      const bin = join(place, 'venv', 'bin');
      const home = join(place, 'home');
      mkdirSync(home, { recursive: true });
      call(file, ['-m', 'venv', join(place, 'venv')]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
      call(join(bin, 'python'), [...pip, wheel]);
      const project = join(place, 'project');
      makeProject(project);
      const environment = { HOME: home, PATH: join(folder, 'nothing') };
      const run = () =>
        JSON.parse(call(join(bin, 'dagpy'), ['run', '--json'], { cwd: project, env: environment }));
      assert.deepEqual(new Set(run().executed), new Set(Object.keys(cells)));
      assert.equal(shown(project, 'show'), '[0, 2, 4] True\n');
      assert.equal(shown(project, 'draw'), 'True\n');
      assert.deepEqual(run().executed, []);
      call(join(bin, 'python'), [...pip, '--no-deps', '--upgrade', next]);
      assert.equal(call(join(bin, 'dagpy'), ['--version'], { env: environment }).trim(), '99.0.0');
      assert.deepEqual(run().executed, []);
      assert.equal(
        call(join(bin, 'dagpy'), ['value', 'load', 'factor'], { cwd: project, env: environment }),
        '2\n',
      );
      await servesTheProject(place, project, environment);
    });
  }

  test('the sdist holds what a build needs, and nothing else', () => {
    const into = join(folder, 'sdist');
    call(own, ['-m', 'build', '--sdist', '--no-isolation', '--outdir', into], { cwd: root });
    const sdist = join(into, readdirSync(into)[0]);
    const listed = call('tar', ['-tzf', sdist])
      .split('\n')
      .filter(line => line !== '' && !line.endsWith('/'))
      .map(line => line.replace(/^[^/]+\//, ''));
    for (const needed of [
      'hatch_build.py',
      'install.json',
      'jupyter-config/server-config/jupyterlab_dagpy.json',
      'jupyterlab_dagpy/labextension/package.json',
      'jupyterlab_dagpy/labextension.sha256',
      'schema/plugin.json',
      'scripts/labextension.mjs',
      'style/index.css',
      'src/cli/main.ts',
      'scripts/bundle.mjs',
      'jupyterlab_dagpy/_engine/engine.cjs',
    ])
      assert.ok(listed.includes(needed), `${needed} is missing`);
    const known =
      /^((CHANGELOG|README)\.md|LICENSE|PKG-INFO|\.gitignore|\.npmrc|hatch_build\.py|install\.json|jupyter-config\/server-config\/jupyterlab_dagpy\.json|pyproject\.toml|package(-lock)?\.json|tsconfig(\.base)?\.json|(src|schema|style)\/.+|scripts\/(build|bundle|labextension|setup|tools)\.mjs|scripts\/bin\/.+|jupyterlab_dagpy\/((_engine|labextension|server|worker)\/.+|labextension\.sha256|[a-z_]+\.py|py\.typed))$/;
    assert.deepEqual(
      listed.filter(file => !known.test(file) || /\/tests\/|\.pyc$/.test(file)),
      [],
    );
    if (!all) return;
    const venv = join(folder, 'from-sdist');
    call(own, ['-m', 'venv', venv]);
    call(join(venv, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', sdist], {
      env: { ...process.env, PATH: '/usr/bin:/bin' },
    });
    assert.match(call(join(venv, 'bin', 'dagpy'), ['--help']), /Usage: dagpy/, basename(sdist));
  });
});
