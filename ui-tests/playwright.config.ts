/** Stories in JupyterLab, in Notebook 7 and beside jupyter-collaboration, each with a Jupyter server of its own. */
import { defineConfig } from '@playwright/test';
import type { GalataOptions } from '@jupyterlab/galata';
import type { StoryOptions } from './fixtures/index.js';
import { chosenSites, lanesOf, results, serverOf, sites, type Site } from './fixtures/places.js';

const browser = process.env['CHROME_PATH'];

type Options = StoryOptions & Pick<GalataOptions, 'appPath'>;

/** What shared notebooks do differently is told there alone. */
const SHARED = '**/collaboration.spec.ts';

function chosenStories(site: Site) {
  if (process.env['DAGPY_UI_SERVE'] === '1') return {};
  if (site === 'collaboration') return { testMatch: SHARED };
  const isPart = site === 'notebook' && process.env['DAGPY_UI_ALL'] !== '1';
  return { testIgnore: SHARED, ...(isPart ? { grep: /@both/ } : {}) };
}

const servers = chosenSites.flatMap(site =>
  Array.from({ length: lanesOf(site) }, (_, lane) => ({ site, lane })),
);

export default defineConfig<Options>({
  testDir: 'tests',
  // with `--serve` the one story is a wait, and the servers stay until Ctrl-C
  testMatch: process.env['DAGPY_UI_SERVE'] === '1' ? '**/serve.wait.ts' : '**/*.spec.ts',
  outputDir: results('stories'),
  preserveOutput: 'failures-only',
  reporter: [['list'], ['json', { outputFile: results('report.json') }]],
  // A story waits for nearly half of its time: two at a time keep two cores busy.
  fullyParallel: true,
  workers: 2,
  // A machine that stalls for seconds is no defect; a story that fails three times is.
  retries: process.env['CI'] === undefined ? 0 : 2,
  timeout: process.env['DAGPY_UI_SERVE'] === '1' ? 0 : 60_000,
  expect: { timeout: process.env['CI'] === undefined ? 15_000 : 30_000 },
  use: {
    headless: process.env['DAGPY_UI_HEADED'] !== '1',
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      ...(browser === undefined ? {} : { executablePath: browser }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
    contextOptions: { reducedMotion: 'reduce' },
    video: 'off',
    // Following a page takes a fifth of a story's time, and its film more than the page itself.
    trace: {
      mode: process.env['CI'] === undefined ? 'off' : 'on-first-retry',
      screenshots: false,
      snapshots: true,
      sources: true,
    },
    screenshot: 'only-on-failure',
  },
  projects: chosenSites.map(site => ({
    name: site,
    ...chosenStories(site),
    workers: lanesOf(site),
    use: { site, appPath: sites[site].path },
  })),
  webServer: servers.map(({ site, lane }) => {
    const { command, environment, url } = serverOf(site, lane);
    return {
      name: `${site} ${String(lane + 1)}`,
      command,
      env: environment,
      url: `${url}/api`,
      // left running by hand, with DAGPY_UI_PORT: the quickest way to write a story
      reuseExistingServer: process.env['DAGPY_UI_REUSE'] === '1',
      gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
      timeout: 120_000,
      stdout: 'ignore',
      stderr: process.env['DAGPY_UI_LOG'] === '1' ? 'pipe' : 'ignore',
    };
  }),
});
