// Pictures of the views on the demo project, in both themes and both applications, into build/screenshots/. The light one of
// `lab-both` is the README's: copy it to docs/lab.png where the looks changed.
//   node scripts/screenshots.mjs [words]     those whose name has one of the words
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findBrowser } from './browser.mjs';
import { setup } from './setup.mjs';
import { ScriptError, quietly, root, start, venvBin } from './tools.mjs';
import { buildForBrowser } from './ui.mjs';

const folder = join(root, 'build', 'screenshots');
/** A copy of the demo project, kept: its results are there the next time. */
const project = join(root, 'build', 'screenshots-project');
/** Of terminal and server alike: where Python looks for modules is part of what results rest on. */
const environment = { PYTHONPATH: root };
/** The light ones come last: by then the kernel is there, and nothing is being restored. */
const themes = { dark: 'JupyterLab Dark', light: 'JupyterLab Light' };

/**
 * One picture a theme. `path` is what is opened, `prepare` brings the view about (`execute` runs a command), `ready` is
 * there when it is complete, `part` is what is drawn instead of the whole page. `edit` is a file of the project, and what
 * of it is another while the picture is drawn.
 */
const views = [
  {
    name: 'lab-notebook',
    app: 'lab',
    path: 'lab/tree/demo/trend.ipynb?reset',
    prepare: ({ execute }) => execute('dagpy:show-blocks'),
    ready: '[data-block="trend"][data-state]',
  },
  {
    name: 'lab-dag',
    app: 'lab',
    path: 'lab/tree/demo/trend.ipynb?reset',
    prepare: async ({ execute }) => {
      await execute('dagpy:show-blocks');
      await execute('dagpy:show-dag');
    },
    ready: '[role="region"][aria-label="DAG"] [data-block="trend"][data-state]',
  },
  {
    name: 'lab-both',
    app: 'lab',
    path: 'lab/tree/demo/model.ipynb?reset',
    size: { width: 1600, height: 860 },
    scale: 1,
    edit: ['dag.json', '"harmonics": 4', '"harmonics": 6'],
    prepare: async ({ page, execute }) => {
      await execute('dagpy:show-blocks');
      await page.locator('.dagpy-Row[data-block="model"][data-state="stale"]').click();
      await execute('dagpy:show-dag');
      await page.locator('.dagpy-dag-panel [data-block="model"]').first().waitFor();
      // beside the notebook, as dragging its tab there does
      await page.evaluate(() => {
        const { shell } = globalThis.jupyterapp;
        shell.add(shell.currentWidget, 'main', { mode: 'split-right' });
      });
      await page.locator('.dagpy-strip-kernel[data-kernel="loaded"]').waitFor();
      await pause(500);
      await execute('dagpy:dag-fit');
    },
    ready: '[role="region"][aria-label="DAG"] [data-block="model"][data-state="stale"]',
  },
  {
    name: 'notebook',
    app: 'notebook',
    path: 'notebooks/demo/trend.ipynb',
    prepare: ({ execute }) => execute('dagpy:show-blocks'),
    ready: '[data-block="trend"][data-state]',
  },
];

async function screenshots(words) {
  const chosen = views.filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)));
  if (chosen.length === 0) throw new ScriptError(`no view has ${words.join(' or ')} in its name`);
  await setup();
  await buildForBrowser(console.log);
  const browserPath = await findBrowser();
  for (const name of ['demo', 'dag.json']) cpSync(join(root, name), join(project, name), { recursive: true });
  mkdirSync(folder, { recursive: true });
  await quietly('dagpy run', venvBin('dagpy'), ['-C', project, 'run'], { env: environment });

  const { chromium } = await import('@playwright/test');
  const browser = await chromium.launch({
    ...(browserPath === undefined ? {} : { executablePath: browserPath }),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const servers = new Map();
  try {
    for (const view of chosen) {
      if (!servers.has(view.app)) servers.set(view.app, await serve(view.app));
      const { url } = servers.get(view.app);
      for (const [theme, label] of Object.entries(themes)) {
        const file = join(folder, `${view.name}-${theme}.png`);
        const restore = edited(view.edit);
        await draw(browser, url, view, label, file).finally(restore);
        console.log(file);
      }
    }
  } finally {
    await browser.close();
    for (const { end } of servers.values()) await end();
  }
}

/** Returns what brings the file back. */
function edited(edit) {
  if (edit === undefined) return () => undefined;
  const [name, before, after] = edit;
  const file = join(project, name);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(before)) throw new ScriptError(`${name} of the demo has no ${before}`);
  writeFileSync(file, text.replace(before, after));
  return () => writeFileSync(file, text);
}

async function draw(browser, url, view, theme, file) {
  const { path, prepare, ready, part, size = { width: 1440, height: 900 }, scale = 2 } = view;
  const context = await browser.newContext({
    viewport: size,
    deviceScaleFactor: scale,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(`${url}/${path}`);
  await page.waitForFunction(() => globalThis.jupyterapp?.shell?.currentWidget?.context?.isReady === true);
  const execute = (id, args = {}) =>
    page.evaluate(([id, args]) => void globalThis.jupyterapp.commands.execute(id, args), [id, args]);
  await execute('apputils:change-theme', { theme });
  await page.waitForFunction(name => globalThis.document.body.dataset.jpThemeName === name, theme);
  await prepare?.({ page, execute });
  await page.locator(ready).locator('visible=true').first().waitFor();
  // fonts, and what slides into its place
  await page.evaluate(() => globalThis.document.fonts.ready.then(() => undefined));
  await pause(500);
  await (part === undefined ? page : page.locator(part).first()).screenshot({ path: file });
  await context.close();
}

/** A server as stories have it, on the copy of the demo. */
async function serve(app) {
  const port = await freePort();
  const own = join(root, 'build', `screenshots-${app}`);
  const server = spawn(
    venvBin('python'),
    [
      '-m',
      app === 'lab' ? 'jupyterlab' : 'notebook',
      `--config=${join(root, 'ui-tests', 'jupyter_server_config.py')}`,
      '--allow-root',
    ],
    {
      stdio: 'ignore',
      env: {
        ...process.env,
        ...environment,
        DAGPY_UI_FOLDER: own,
        DAGPY_UI_ROOT: project,
        DAGPY_UI_SERVER_PORT: String(port),
        JUPYTER_CONFIG_DIR: join(own, 'config'),
        JUPYTER_RUNTIME_DIR: join(own, 'runtime'),
      },
    },
  );
  const ended = new Promise(resolve => server.on('close', resolve));
  const end = async () => {
    server.kill();
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 240; tries += 1) {
    const answers = await fetch(`${url}/api`).then(
      () => true,
      () => false,
    );
    if (answers) return { url, end };
    if (server.exitCode !== null) break;
    await pause(250);
  }
  await end();
  throw new ScriptError(`the server for ${app} does not start`);
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

await start(() => screenshots(process.argv.slice(2)));
