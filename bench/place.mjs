// Where sessions happen: folders of their own, and a user with nothing of the one who measures.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../scripts/tools.mjs';
import { programsOf } from './environments.mjs';
import { RAN_VARIABLE, SEED_FILE } from './workloads/block.mjs';

/** On the disk of the checkout: a temporary folder may be in memory. */
const work = join(root, 'build', 'bench', 'work');
mkdirSync(work, { recursive: true });
const base = mkdtempSync(join(work, 'run-'));
/** Names of sockets have to be short. */
const runtime = mkdtempSync(join(tmpdir(), 'dagpy-bench-'));
process.on('exit', () => {
  rmSync(base, { recursive: true, force: true });
  rmSync(runtime, { recursive: true, force: true });
});

/**
 * @typedef {object} Place
 * @property {string} folder of the project
 * @property {Record<string, string>} env what commands in it are started with
 * @property {string} ran file to which blocks add their names
 * @property {string} log where the output of commands goes
 */

/** Of the one who measures, only this is passed on. */
const PASSED = ['LANG', 'LC_ALL', 'SSL_CERT_FILE'];
let places = 0;

/**
 * A new folder for a project.
 * @param {string} environment whose programs come first
 * @param {Record<string, string>} [more] variables
 * @returns {Place}
 */
export function openPlace(environment, more = {}) {
  places += 1;
  const around = join(base, String(places));
  const folder = join(around, 'project');
  // The home outlives the session, as that of a person does who makes another project.
  const home = join(base, 'home', environment);
  for (const made of [folder, home]) mkdirSync(made, { recursive: true });
  const ran = join(around, 'ran.log');
  writeFileSync(ran, '');
  const passed = PASSED.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const env = {
    ...Object.fromEntries(passed),
    PATH: [programsOf(environment), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_RUNTIME_DIR: runtime,
    IPYTHONDIR: join(home, 'ipython'),
    JUPYTER_CONFIG_DIR: join(home, 'jupyter'),
    // One thread a block: what is compared is how blocks run beside each other.
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    PYTHONWARNINGS: 'ignore',
    [RAN_VARIABLE]: ran,
    ...more,
  };
  return { folder, env, ran, log: join(around, 'output.log') };
}

/** @param {Place} place */
export const closePlace = place => rmSync(join(place.folder, '..'), { recursive: true, force: true });

/** @param {Place} place @param {string} name @param {string} text */
export function write(place, name, text) {
  const file = join(place.folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

/**
 * Writes a notebook as an editor does that has it open: cells keep their outputs whatever becomes of their code.
 * @param {Place} place
 * @param {string} id
 * @param {ReturnType<typeof import('./notebook.mjs').notebook>} content
 */
export function writeNotebook(place, id, content) {
  const name = `${id}.ipynb`;
  const file = join(place.folder, name);
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { cells: [] };
  const known = new Map(before.cells.map(cell => [cell.id, cell]));
  const cells = content.cells.map(cell => {
    const same = known.get(cell.id);
    return same?.cell_type === cell.cell_type ? { ...same, source: cell.source } : cell;
  });
  const notebook = { ...content, metadata: { ...content.metadata, ...before.metadata }, cells };
  write(place, name, `${JSON.stringify(notebook, null, 1)}\n`);
}

/** @param {Place} place @param {number} seed */
export const writeSeed = (place, seed) => write(place, SEED_FILE, `${seed}\n`);
