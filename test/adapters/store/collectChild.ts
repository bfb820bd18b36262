/** Collects all that may go in the project below argv[2]; a failpoint may end it anywhere. */
import { keeperOf, placeAt } from './fixtures.js';

const store = placeAt(process.argv[2] ?? '').open();
const lock = store.lock('dagpy cache gc');
keeperOf(store, lock).collect({ graceMilliseconds: 0, maxBytes: 1 });
lock.release();
