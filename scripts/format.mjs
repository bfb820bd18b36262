// Rewrites TypeScript, JavaScript, JSON and Python to the one form that `npm test` checks.
// Paths may be given: `npm run format -- src/engine`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quietly, root, start, venvBin } from './tools.mjs';
import { setup } from './setup.mjs';

await start(async () => {
  await setup();
  const paths = process.argv.slice(2);
  const all = paths.length === 0 ? ['.'] : paths;
  const prettier = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  await quietly('prettier', process.execPath, [
    prettier,
    '--write',
    '--ignore-unknown',
    '--log-level=warn',
    ...all,
  ]);
  const python = all.filter(path => existsSync(path));
  await quietly('ruff check', venvBin('ruff'), ['check', '--fix', '--quiet', '--exit-zero', ...python]);
  await quietly('ruff format', venvBin('ruff'), ['format', '--quiet', ...python]);
});
