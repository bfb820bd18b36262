'use strict';
// Copied beside the bundle by the build: refuses a Node that is too old with a message rather than a syntax error, and
// lets V8 keep its compiled code between starts, which a file can only ask for before the big one is loaded.
if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(
    'dagpy: needs Node 22 or newer, and this is ' +
      process.version +
      ' (' +
      process.execPath +
      ')\n' +
      'dagpy: unset DAGPY_NODE to use the Node that comes with jupyterlab-dagpy\n',
  );
  process.exit(2);
}
var path = require('node:path');
var cache = process.env.XDG_CACHE_HOME || (process.env.HOME ? path.join(process.env.HOME, '.cache') : '');
if (cache) require('node:module').enableCompileCache(path.join(cache, 'dagpy', 'v8'));
require('./engine.cjs');
