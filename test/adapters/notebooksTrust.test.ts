import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  createTrustKeeper,
  createTrustLender,
  newNotebook,
  spliceOutputs,
} from '../../src/adapters/notebooks/index.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const python = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const folder = mkdtempSync(join(tmpdir(), 'dagpy-trust-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, 'data');
mkdirSync(data);
const env = { ...process.env, JUPYTER_DATA_DIR: data, JUPYTER_CONFIG_DIR: join(folder, 'config') };

test('a trusted notebook stays trusted after its outputs changed, another stays as it was', async () => {
  const keeper = createTrustKeeper({ python, env });
  const text = newNotebook('u', { name: 'python3', display_name: 'Python 3' }, 'c');
  const [trusted, other] = ['trusted.ipynb', 'other.ipynb'].map(name => join(folder, name)) as [
    string,
    string,
  ];
  const otherText = text.replace('"u"', '"v"');
  writeFileSync(trusted, text);
  writeFileSync(other, otherText);
  assert.deepEqual(await keeper.wasTrusted([text]), [false]);
  assert.equal(existsSync(join(data, 'nbsignatures.db')), false, 'asking makes no database');
  execFileSync(
    python,
    [
      '-c',
      'import sys; from nbformat import read; from nbformat.sign import NotebookNotary as N; N().sign(read(sys.argv[1], 4))',
      trusted,
    ],
    { env },
  );
  assert.deepEqual(await keeper.wasTrusted([text, otherText, 'no notebook']), [true, false, false]);
  const html = {
    output_type: 'display_data' as const,
    data: { 'text/html': '<script>1</script>\nä' },
    metadata: {},
  };
  for (const file of [trusted, other]) {
    writeFileSync(
      file,
      spliceOutputs(readFileSync(file, 'utf8'), [{ cell: 0, outputs: [html], executionCount: 1 }]),
    );
  }
  assert.deepEqual(await keeper.wasTrusted([readFileSync(trusted, 'utf8')]), [false]);
  assert.deepEqual(await keeper.signAgain([trusted]), []);
  assert.deepEqual(await keeper.wasTrusted([trusted, other].map(file => readFileSync(file, 'utf8'))), [
    true,
    false,
  ]);
  assert.deepEqual(
    (await keeper.signAgain([join(folder, 'nowhere.ipynb')])).map(one => one.path),
    [join(folder, 'nowhere.ipynb')],
  );
  keeper.close();
});

test('a helper that can not start leaves outputs untrusted and says so', async () => {
  const keeper = createTrustKeeper({ python: join(folder, 'nowhere'), env });
  assert.deepEqual(await keeper.wasTrusted(['{}']), [false]);
  assert.equal((await keeper.signAgain(['x'])).length, 1);
  keeper.close();
});

test(
  'who asks one after the other asks the same Python, and another one where it died',
  { skip: process.platform === 'win32' && 'needs a shell script' },
  async () => {
    const [counting, starts] = [join(folder, 'counting'), join(folder, 'starts')];
    writeFileSync(counting, `#!/bin/sh\necho $$ >> '${starts}'\nexec '${python}' "$@"\n`, { mode: 0o755 });
    const started = (): number[] => readFileSync(starts, 'utf8').trim().split('\n').map(Number);
    const signed = readFileSync(join(folder, 'trusted.ipynb'), 'utf8');
    const lend = createTrustLender({ python: counting, env });
    for (let time = 0; time < 2; time += 1) {
      const [one, other] = [lend(), lend()];
      one.close();
      one.close();
      assert.deepEqual(await other.wasTrusted([signed]), [true]);
      other.close();
    }
    assert.equal(started().length, 1);
    const early = lend();
    early.prepare();
    early.prepare();
    assert.deepEqual(await early.wasTrusted([signed]), [true]);
    early.close();
    assert.equal(started().length, 1);
    process.kill(started()[0]!);
    const later = lend();
    // The first to ask may be the one who notices.
    const answers = [await later.wasTrusted([signed]), await later.wasTrusted([signed])];
    assert.deepEqual(answers.at(-1), [true]);
    assert.equal(started().length, 2);
    later.close();
  },
);

test(
  'Python that was made ready answers who asks, starts only where anything was signed, and holds nobody up',
  { skip: process.platform === 'win32' && 'needs a shell script' },
  async () => {
    const [counting, starts] = [join(folder, 'ready'), join(folder, 'ready-starts')];
    writeFileSync(counting, `#!/bin/sh\necho $$ >> '${starts}'\nexec '${python}' "$@"\n`, { mode: 0o755 });
    const nobody = createTrustKeeper({
      python: counting,
      env: { ...env, JUPYTER_DATA_DIR: join(folder, 'nobody') },
    });
    nobody.prepare();
    nobody.close();
    assert.equal(existsSync(starts), false);

    const keeper = createTrustKeeper({ python: counting, env });
    keeper.prepare();
    const signed = readFileSync(join(folder, 'trusted.ipynb'), 'utf8');
    assert.deepEqual(await keeper.wasTrusted([signed]), [true]);
    keeper.close();
    assert.equal(readFileSync(starts, 'utf8').trim().split('\n').length, 1);

    const module = new URL('../../src/adapters/notebooks/index.ts', import.meta.url).href;
    const program = `import { createTrustKeeper } from '${module}'; createTrustKeeper({ python: '${counting}', env: process.env }).prepare();`;
    const loader = join(root, 'scripts', 'typescript.mjs');
    execFileSync(process.execPath, ['--import', loader, '--input-type=module', '-e', program], {
      env,
      timeout: 60_000,
    });
  },
);
