// This project beside its peers, twice: from nothing running, and with a daemon that has been at work.
import { startDaemon } from './daemon.mjs';
import { command, ENVIRONMENT, pythonOf, writeProject } from './program.mjs';

/** @type {Omit<import('../peers/index.mjs').Tool, 'name' | 'about'>} */
const both = {
  environment: ENVIRONMENT,
  variables: () => ({ DAGPY_PYTHON: pythonOf() }),
  write: writeProject,
  command: () => command(['run']),
};

/** @type {import('../peers/index.mjs').Tool} */
export const terminal = {
  ...both,
  name: 'DAGpy',
  about: '`dagpy run`, with nothing running beforehand',
};

/** @type {import('../peers/index.mjs').Tool} */
export const throughDaemon = {
  ...both,
  name: 'DAGpy, daemon',
  about: '`dagpy run`, which hands its run to `dagpy serve`, a daemon that has run a small project before',
  setUp: startDaemon,
  close: (place, daemon) => daemon.end(),
};
