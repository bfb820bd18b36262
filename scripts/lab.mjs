// `npm run lab`: sets up, builds, and starts JupyterLab on the demo project; further arguments are those of `jupyter lab`.
import { spawn } from 'node:child_process';
import { build } from './build.mjs';
import { buildLabExtension } from './labextension.mjs';
import { setup } from './setup.mjs';
import { ScriptError, root, start, venvBin } from './tools.mjs';

await start(async () => {
  await setup();
  await build({ types: false });
  await buildLabExtension();
  const lab = spawn(
    venvBin('jupyter'),
    [
      'lab',
      `--ServerApp.root_dir=${root}`,
      '--LabApp.default_url=/lab/tree/demo/load.ipynb',
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  // Ctrl-C is for Lab, which asks before it ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => lab.kill());
  return new Promise((resolve, reject) => {
    lab.on('error', error => reject(new ScriptError(`jupyter lab does not start: ${error.message}`)));
    lab.on('close', code => resolve(code ?? 1));
  });
});
