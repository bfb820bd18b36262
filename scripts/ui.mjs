// Stories in a browser, in JupyterLab, in Notebook 7 and beside jupyter-collaboration (ui-tests/). `npm test` runs them.
//   npm run ui -- [words]     those whose file or title has one of the words
//     --all                   every story in both applications, not just in Lab and those that are told in both
//     --app lab|notebook|collaboration   on one server      --headed  in a window      --log  with what the servers say
//     --serve                 only starts the servers, for --reuse in another terminal: the quickest way to write one
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { findBrowser } from './browser.mjs';
import { buildLabExtension } from './labextension.mjs';
import { setup, setupCollaboration } from './setup.mjs';
import { ScriptError, isMain, root, run, start } from './tools.mjs';

const folder = join(root, 'build', 'ui-tests');
const reportFile = join(folder, 'report.json');
/** Where `--serve` and `--reuse` meet, unless `DAGPY_UI_PORT` says otherwise. */
const usualPort = 8820;

/** Makes what the servers serve. */
export async function buildForBrowser(log) {
  await build({ types: false, log });
  await buildLabExtension({ log });
}

/** Runs stories; what they say goes to standard output. Returns their numbers and the names of those that failed. */
export async function runStories({
  words = [],
  app,
  all = false,
  headed = false,
  reuse = false,
  serve = false,
  showLog = false,
  env = {},
  log = console.log,
}) {
  await buildForBrowser(log);
  if (app === undefined || app === 'collaboration') await setupCollaboration({ log });
  const browser = await findBrowser({ log });
  mkdirSync(folder, { recursive: true });
  rmSync(reportFile, { force: true });
  const usual = process.env.DAGPY_UI_PORT ?? String(usualPort);
  const { code } = await run(
    process.execPath,
    [
      join(root, 'node_modules', '@playwright', 'test', 'cli.js'),
      'test',
      '--config',
      join(root, 'ui-tests'),
      ...(words.length === 0 ? [] : ['--grep', words.map(escaped).join('|')]),
    ],
    {
      env: {
        ...env,
        DAGPY_UI_PORT: reuse || serve ? usual : String(await freePort()),
        ...(browser === undefined ? {} : { CHROME_PATH: browser }),
        ...(app === undefined ? {} : { DAGPY_UI_SITES: app }),
        ...(all || serve ? { DAGPY_UI_ALL: '1' } : {}),
        ...(headed ? { DAGPY_UI_HEADED: '1' } : {}),
        ...(reuse ? { DAGPY_UI_REUSE: '1' } : {}),
        ...(serve ? { DAGPY_UI_SERVE: '1' } : {}),
        ...(showLog ? { DAGPY_UI_LOG: '1' } : {}),
      },
    },
  );
  if (!existsSync(reportFile)) throw new ScriptError(`playwright ended with exit code ${code} and no report`);
  const counts = counted(JSON.parse(readFileSync(reportFile, 'utf8')));
  for (const name of counts.flaky) log(`passed after it had failed: ${name}`);
  return { ...counts, code };
}

/** Of Playwright's JSON report. */
function counted({ suites, errors }) {
  const stories = suites.flatMap(specsOf).flatMap(({ file, title, tests }) =>
    tests.map(({ projectName, status }) => ({
      name: `ui-tests/${file} › ${title} (${projectName})`,
      status,
    })),
  );
  const failing = stories.filter(({ status }) => status === 'unexpected').map(({ name }) => name);
  return {
    passed: stories.filter(({ status }) => status === 'expected' || status === 'flaky').length,
    failed: failing.length + errors.length,
    skipped: stories.filter(({ status }) => status === 'skipped').length,
    flaky: stories.filter(({ status }) => status === 'flaky').map(({ name }) => name),
    failing: [...failing, ...errors.map(({ message }) => message.split('\n')[0])],
  };
}

function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)];
}

/** The first of four in a row: one for each server. */
async function freePort() {
  for (;;) {
    const first = await listening(0);
    const { port } = first.address();
    const others = await Promise.all([1, 2, 3].map(more => listening(port + more).catch(() => undefined)));
    for (const server of [first, ...others]) server?.close();
    if (!others.includes(undefined)) return port;
  }
}

function listening(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

const escaped = word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

if (isMain(import.meta.url)) {
  await start(async () => {
    const { values, positionals: words } = parseArgs({
      allowPositionals: true,
      options: {
        all: { type: 'boolean' },
        app: { type: 'string' },
        headed: { type: 'boolean' },
        log: { type: 'boolean' },
        reuse: { type: 'boolean' },
        serve: { type: 'boolean' },
      },
    });
    await setup();
    const { log: showLog, ...chosen } = values;
    const { code } = await runStories({ words, showLog, ...chosen });
    return code;
  });
}
