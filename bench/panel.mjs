/* global window, document */
// How fast the DAG panel is: its first picture, and the frames while it is moved and scaled, in a real Chromium.
//   node bench/panel.mjs [SIZE…]     a table; without sizes 12, 1,000 and 5,000 blocks
//   --pictures FOLDER                writes what each size looks like, in both themes and from near, too
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { chromium } from '@playwright/test';
import { root } from '../scripts/tools.mjs';

const VIEW = { width: 1280, height: 800 };
const MIDDLE = { x: VIEW.width / 2, y: VIEW.height / 2 };
/** Frames that took longer are seen as a jerk. */
const LONG_FRAME = 34;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { pictures: { type: 'string' } },
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [12, 1000, 5000];

async function pageText() {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'bench', 'panelPage.mjs')],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
  });
  const styles = ['states.css', 'dag.css'].map(name => readFileSync(join(root, 'style', name), 'utf8'));
  const script = outputFiles[0].text.replaceAll('</script', '<\\/script');
  // What Lab's themes give; only what the panel uses.
  const theme = `body{margin:0;--jp-ui-font-family:system-ui,sans-serif}
    body[data-jp-theme-light='false']{--jp-layout-color0:#111;--jp-layout-color1:#212121;--jp-layout-color2:#424242;
    --jp-ui-font-color0:#fff;--jp-ui-font-color1:rgb(255 255 255 / 87%);--jp-brand-color1:#2196f3;--jp-border-color2:#616161}`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>DAG panel</title><style>${theme}${styles.join('\n')}</style>
    <body data-jp-theme-light="true"><div id="panel" style="position:absolute;inset:0"></div><script>${script}</script>`;
}

const executablePath = [process.env.CHROME_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  path => path !== undefined && existsSync(path),
);
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});

/** Frames while `act` goes on: how many a second, the middle one, the longest. */
async function framesDuring(page, act) {
  await page.evaluate(() => window.panel.watch());
  await act();
  const frames = await page.evaluate(() => window.panel.stop());
  const sorted = frames.toSorted((a, b) => a - b);
  const total = frames.reduce((sum, each) => sum + each, 0);
  return {
    fps: Math.round((1000 * frames.length) / total),
    '95 % (ms)': Math.round(sorted[Math.floor(sorted.length * 0.95)]),
    'longest (ms)': Math.round(sorted[sorted.length - 1]),
    'long frames': frames.filter(each => each > LONG_FRAME).length,
  };
}

async function pan(page) {
  await page.mouse.move(MIDDLE.x, MIDDLE.y);
  await page.mouse.down();
  for (let step = 1; step <= 60; step += 1)
    await page.mouse.move(MIDDLE.x + 380 * Math.sin(step / 9), MIDDLE.y + 200 * Math.sin(step / 6));
  await page.mouse.up();
}

async function zoom(page, delta, steps) {
  await page.mouse.move(MIDDLE.x, MIDDLE.y);
  for (let step = 0; step < steps; step += 1) {
    await page.mouse.wheel(0, delta);
    await page.waitForTimeout(16);
  }
}

const rest = page => page.waitForTimeout(500);

async function picture(page, name) {
  if (options.pictures === undefined) return;
  mkdirSync(options.pictures, { recursive: true });
  for (const isLight of [true, false]) {
    await page.evaluate(light => (document.body.dataset.jpThemeLight = String(light)), isLight);
    const theme = isLight ? 'light' : 'dark';
    await page.screenshot({ path: join(options.pictures, `${name}-${theme}.png`) });
  }
  await page.evaluate(() => (document.body.dataset.jpThemeLight = 'true'));
}

const pictures = {};
const frames = {};
try {
  const html = await pageText();
  for (const size of sizes) {
    const page = await browser.newPage({ viewport: VIEW });
    page.on('pageerror', error => console.error(error));
    await page.setContent(html);
    const first = await page.evaluate(many => window.panel.show(many), size);
    await rest(page);
    await picture(page, `${size}-whole`);
    const patch = await page.evaluate(() => window.panel.patch());
    pictures[`${size} blocks`] = {
      'computed (ms)': Math.round(first.computed),
      'on the screen (ms)': Math.round(first.shown),
      elements: first.elements,
      'one state (ms)': Math.round(patch.milliseconds * 10) / 10,
      'layouts for it': patch.layouts,
    };
    frames[`${size}, whole: pan`] = await framesDuring(page, () => pan(page));
    await rest(page);
    frames[`${size}, zoom in`] = await framesDuring(page, () => zoom(page, -120, 20));
    await page.evaluate(() => window.panel.near());
    await rest(page);
    await picture(page, `${size}-near`);
    frames[`${size}, near: pan`] = await framesDuring(page, () => pan(page));
    await rest(page);
    frames[`${size}, zoom out`] = await framesDuring(page, () => zoom(page, 120, 24));
    await page.close();
  }
} finally {
  await browser.close();
}
console.table(pictures);
console.table(frames);
