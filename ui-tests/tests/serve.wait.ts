/** No story: keeps the servers for those of another terminal (`npm run ui -- --serve`, then `--reuse`). */
import { test } from '@playwright/test';
import { chosenSites, serverOf } from '../fixtures/places.js';

test('servers are running; Ctrl-C ends them', async () => {
  for (const site of chosenSites) console.log(`${site}: ${serverOf(site).url}`);
  await new Promise(() => {});
});
