/** Takes the lock below argv[2], says so, and holds it until its input ends. */
import { ProblemError } from '../../../src/protocol/problem.js';
import { placeAt } from './fixtures.js';

const [, , root = '', manner = 'hold'] = process.argv;
const store = placeAt(root).open();
try {
  const lock = store.lock('dagpy run all');
  process.stdout.write('held\n');
  if (manner === 'hold') {
    process.stdin.on('end', () => lock.release()).resume();
  } else if (manner === 'die') process.kill(process.pid, 'SIGKILL');
} catch (error) {
  if (!(error instanceof ProblemError)) throw error;
  process.stdout.write(`${error.problems[0]?.code}\n`);
}
