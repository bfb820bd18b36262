import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createHasher } from '../../src/adapters/hash.js';
import { jupyterPath } from '../../src/adapters/jupyterPaths.js';
import { findKernel, listKernelspecs } from '../../src/adapters/kernelspecs.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const python = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dagpy-kernels-')));
after(() => rmSync(folder, { recursive: true, force: true }));

const extra = join(folder, 'extra');
const env = {
  ...process.env,
  HOME: folder,
  JUPYTER_PATH: extra,
  XDG_DATA_HOME: undefined,
  JUPYTER_DATA_DIR: undefined,
  GREETING: 'hi',
};
const { digest } = await createHasher();
const options = { env, python, cacheFolder: join(folder, 'cache'), digest };
const LAUNCH = ['-m', 'ipykernel_launcher', '-f', '{connection_file}'];

function register(name: string, argv: readonly string[], more: object = {}): string {
  mkdirSync(join(extra, 'kernels', name), { recursive: true });
  const file = join(extra, 'kernels', name, 'kernel.json');
  writeFileSync(file, JSON.stringify({ argv, display_name: name, language: 'python', ...more }));
  return file;
}
const codeOf = async (name: string) => {
  const result = await findKernel(name, options);
  return result.ok ? 'ok' : result.problems[0]?.code;
};

test('folders are searched in the order of jupyter_core', () => {
  const cases = [
    {},
    { JUPYTER_PATH: ['/x/one', '/x/two'].join(delimiter) },
    { JUPYTER_PREFER_ENV_PATH: '0' },
    { JUPYTER_DATA_DIR: '/x/data' },
    { XDG_DATA_HOME: '/x/xdg', JUPYTER_PREFER_ENV_PATH: '1' },
  ];
  for (const one of cases) {
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(JUPYTER|XDG_DATA|CONDA)/.test(name)),
    );
    const environment = { ...clean, HOME: folder, ...one };
    const script = 'import json, jupyter_core.paths as p; print(json.dumps(p.jupyter_path()))';
    const expected = JSON.parse(
      execFileSync(python, ['-c', script], { env: environment, encoding: 'utf8' }),
    ) as string[];
    assert.deepEqual(jupyterPath(environment, python), expected, JSON.stringify(one));
  }
});

test('a plain kernel gives interpreter, options, environment and facts, the second time from memory', async () => {
  register('Mine', [python, '-Xfrozen_modules=off', '-W', 'ignore', ...LAUNCH], {
    env: { A: '${GREETING} $$ $NOPE', B: '1' },
  });
  assert.ok(listKernelspecs(options).has('mine'));
  const first = await findKernel('mINE', options);
  assert.ok(first.ok, JSON.stringify(first));
  const kernel = first.value;
  assert.equal(kernel.python, python);
  assert.deepEqual(kernel.flags, ['-Xfrozen_modules=off', '-W', 'ignore']);
  assert.deepEqual(kernel.env, { A: 'hi $ $NOPE', B: '1' });
  assert.match(kernel.facts.version, /^3\.\d+\.\d+/);
  assert.ok(kernel.environment.includes('${GREETING}') && !kernel.environment.includes(folder));
  const counted = join(folder, 'counted', 'python');
  mkdirSync(dirname(counted));
  writeFileSync(counted, `#!/bin/sh\necho started >> "${folder}/starts"\nexec "${python}" "$@"\n`);
  chmodSync(counted, 0o755);
  register('counted', [counted, ...LAUNCH]);
  const asked = await findKernel('counted', options);
  assert.ok(asked.ok, JSON.stringify(asked));
  assert.deepEqual(await findKernel('counted', options), asked);
  assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), 'started\n');
});

test('a bare python is the one of DAGpy, and a missing python3 falls back to it', async () => {
  register('bare', ['python3', ...LAUNCH]);
  const bare = await findKernel('bare', options);
  assert.equal(bare.ok && bare.value.python, python);
  const own = await findKernel('python3', options);
  assert.equal(own.ok && own.value.python, python);
  const empty = join(folder, 'venv');
  execFileSync(python, ['-m', 'venv', '--without-pip', empty]);
  const naked = join(empty, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const none = await findKernel('python3', { ...options, python: naked });
  assert.deepEqual(none.ok ? [] : none.problems.map(({ code, remedy }) => [code, remedy]), [
    ['kernel-without-ipykernel', `${naked} -m pip install ipykernel`],
  ]);
  // Installing something is noticed although the interpreter stays the same.
  const site = execFileSync(naked, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
    encoding: 'utf8',
  }).trim();
  for (const name of ['ipykernel', 'ipykernel-9.9.dist-info']) mkdirSync(join(site, name));
  writeFileSync(join(site, 'ipykernel', '__init__.py'), '');
  writeFileSync(
    join(site, 'ipykernel-9.9.dist-info', 'METADATA'),
    'Metadata-Version: 2.1\nName: ipykernel\nVersion: 9.9\n',
  );
  const now = await findKernel('python3', { ...options, python: naked });
  assert.equal(now.ok && now.value.facts.ipykernel, '9.9');
});

test('kernels that no block can run in are refused with their file', async () => {
  const cases: readonly [string, readonly string[], object?][] = [
    ['conda', ['conda', 'run', '-n', 'x', 'python', ...LAUNCH]],
    ['docker', ['/usr/bin/docker', 'run', 'image', 'python']],
    ['julia', ['/usr/bin/julia', '-i', '{connection_file}'], { language: 'julia' }],
    ['bash', [python, '-m', 'bash_kernel', '-f', '{connection_file}'], { language: 'bash' }],
    ['script', [python, '/opt/start.py', '{connection_file}']],
    ['special', [python, ...LAUNCH, '--IPKernelApp.exec_lines=["x=1"]']],
    ['remote', [python, ...LAUNCH], { metadata: { kernel_provisioner: { provisioner_name: 'ssh' } } }],
  ];
  for (const [name, argv, more] of cases) {
    const file = register(name, argv, more);
    const result = await findKernel(name, options);
    assert.deepEqual(
      result.ok ? [] : result.problems.map(problem => [problem.code, problem.file]),
      [['kernel-not-plain-python', file]],
      name,
    );
  }
});

test('unknown, broken and vanished kernels are told apart', async () => {
  const unknown = await findKernel('nope', options);
  assert.ok(
    !unknown.ok &&
      unknown.problems[0]?.code === 'kernel-unknown' &&
      unknown.problems[0].remedy.includes('python3'),
  );
  register('gone', [join(folder, 'nowhere', 'python'), ...LAUNCH]);
  assert.equal(await codeOf('gone'), 'kernel-missing-python');
  register('empty', []);
  assert.equal(await codeOf('empty'), 'kernel-invalid-spec');
  writeFileSync(register('torn', [python]), '{"argv": [');
  assert.equal(await codeOf('torn'), 'kernel-invalid-spec');
  const broken = join(folder, 'broken', 'python');
  mkdirSync(dirname(broken));
  writeFileSync(broken, '#!/bin/sh\necho "no such library" >&2\nexit 3\n');
  chmodSync(broken, 0o755);
  register('broken', [broken, ...LAUNCH]);
  const result = await findKernel('broken', options);
  assert.ok(!result.ok && result.problems[0]?.code === 'kernel-broken-python');
  assert.ok(result.problems[0].message.includes('no such library'));
});
