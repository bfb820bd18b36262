// Finds a Chromium for the browser tests, and installs one where there is none.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { quietly, root, run, windows } from './tools.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const applications = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of a browser that is there, `CHROME_PATH` first. */
export function installedBrowser() {
  const { CHROME_PATH: chosen, PATH: path = '' } = process.env;
  if (chosen) return chosen;
  const folders = path.split(delimiter);
  const candidates = names.flatMap(name =>
    folders.map(folder => join(folder, windows ? `${name}.exe` : name)),
  );
  return [...candidates, ...applications].find(file => existsSync(file));
}

/** Path of a browser; `undefined`: Playwright's own is there, and it knows where. */
export async function findBrowser({ log = console.log } = {}) {
  const found = installedBrowser();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    log('browser: installing chromium (apt-get)');
    const install = () => run('apt-get', ['install', '-y', '-qq', 'chromium'], { capture: true });
    const { code } = await install();
    if (code !== 0) {
      await run('apt-get', ['update', '-qq'], { capture: true });
      await install();
    }
    const installed = installedBrowser();
    if (installed !== undefined) return installed;
  }
  log("browser: downloading Playwright's");
  await quietly('playwright install chromium', process.execPath, [
    join(root, 'node_modules', '@playwright', 'test', 'cli.js'),
    'install',
    'chromium',
  ]);
  return undefined;
}
