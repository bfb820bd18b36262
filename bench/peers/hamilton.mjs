// Hamilton with its cache: functions in place of notebooks.
import { join } from 'node:path';
import { root } from '../../scripts/tools.mjs';
import { programsOf } from '../environments.mjs';
import { write, writeSeed } from '../place.mjs';
import { SEED_FILE, tellingCode } from '../workloads/block.mjs';
import { importsOf, indented } from './functions.mjs';

/** @param {import('../workloads/block.mjs').Block} block @param {ReadonlyMap<string, string>} types of all variables */
function functionOf(block, types) {
  const names = [...block.parents, ...(block.readsSeed ? ['seed'] : [])];
  const parameters = names.map(name => `${name}: ${types.get(name)}`).join(', ');
  const body = indented(`${tellingCode(block)}\nreturn ${block.id}`);
  return `def ${block.id}(${parameters}) -> ${block.type}:\n${body}\n`;
}

/** A file is nothing that its cache knows: who reads one is run each time, and what comes of it is compared. */
const SEED = `@cache(behavior="recompute")
def seed() -> int:
    return int(open("${SEED_FILE}").read())
`;

/** @type {import('./index.mjs').Tool} */
export const hamilton = {
  name: 'Hamilton',
  about:
    'functions, not notebooks: a function a block, `Builder().with_cache()`, one at a time in one process; the data ' +
    'file is read by a function that always runs',
  environment: 'hamilton',
  variables: () => ({ HAMILTON_TELEMETRY_ENABLED: 'false' }),
  write(place, { blocks, seed }) {
    writeSeed(place, seed);
    const types = new Map([...blocks.map(({ id, type }) => [id, type]), ['seed', 'int']]);
    const parts = [
      importsOf(blocks).join('\n'),
      'from hamilton.function_modifiers import cache\n',
      SEED,
      ...blocks.map(block => functionOf(block, types)),
    ];
    write(place, 'functions.py', parts.join('\n\n'));
  },
  command: (place, { blocks }) => [
    join(programsOf('hamilton'), 'python'),
    join(root, 'bench', 'peers', 'hamilton_functions.py'),
    ...blocks.filter(({ isEnding }) => isEnding).map(({ id }) => id),
  ],
};
