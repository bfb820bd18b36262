/** No story: keeps the servers for those of another terminal (`npm run ui -- --serve`, then `--reuse`). */
import { test } from '@playwright/test';
import { chosenApps, serverOf } from '../fixtures/places.js';

test('servers are running; Ctrl-C ends them', async () => {
  for (const app of chosenApps) console.log(`${app}: ${serverOf(app).url}`);
  await new Promise(() => {});
});
