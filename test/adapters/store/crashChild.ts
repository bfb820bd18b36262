/** Stores one execution in the project below argv[2]; a failpoint may end it anywhere. */
import { execute, placeAt, put } from './fixtures.js';

const [, , root = '', text = ''] = process.argv;
const store = placeAt(root).open();
const lock = store.lock('dagpy run');
const head = await put(store, `head of ${text}`);
await execute(store, { id: text, text, head, keep: 1 });
store.facts.put(head.digest, head.digest, {
  digest: head.digest,
  empty: false,
  ...{
    loads: [],
    binds: [],
    mayBind: [],
    deletes: [],
    mayMutate: [],
    stringNames: [],
    paths: [],
    dynamic: [],
  },
  ...{ bindsUnknown: [], starImports: [], imports: [], importedNames: [], importedFrom: {}, magics: [] },
  ...{ setsEnvironment: false, setUp: false, chains: [], history: [], functions: [], steps: [], remarks: [] },
  syntaxError: null,
});
store.save();
lock.release();
process.stdout.write('done');
