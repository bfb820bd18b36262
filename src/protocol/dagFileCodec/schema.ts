/**
 * Shape of `dag.json` for the decoder and for the published JSON Schema. A message completes the sentence
 * *… must be …*; what needs more than one value to judge is in `relations.ts`.
 */
import * as v from 'valibot';
import {
  bytesOf,
  dataPathProblem,
  idProblem,
  notebookPathProblem,
  pathProblem,
  patternProblem,
  secondsOf,
} from './names.js';

const text = (what = 'a string') => v.string(what);
const described = <const Schema extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(
  schema: Schema,
  description: string,
) => v.pipe(schema, v.description(description));

/** A string with a rule; the message is the rule's own answer. */
function checked(problem: (value: string) => string | undefined, what: string) {
  return v.pipe(
    text(what),
    v.rawCheck(({ dataset, addIssue }) => {
      const wrong = dataset.typed ? problem(dataset.value) : undefined;
      if (wrong !== undefined) addIssue({ message: `!${wrong}` });
    }),
  );
}

const id = () => v.pipe(checked(idProblem, 'the id of a block'), v.description('Id of a block.'));
const list = <const Item extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(
  item: Item,
  what: string,
) => v.array(item, what);
const flatObject = (what: string) => v.looseObject({}, what);
const count = (what: string) => v.pipe(v.number(what), v.integer(what), v.minValue(0, what));

const DURATION = 'a number of seconds, or a time such as "5s", "10m", "2h" or "7d"';
const duration = (description: string) =>
  described(
    v.union(
      [
        v.pipe(v.number(), v.minValue(0, DURATION)),
        v.pipe(
          text(),
          v.regex(/^\d+(\.\d+)? ?(ms|s|m|min|h|d|w)$/, DURATION),
          v.check(value => secondsOf(value) !== undefined, DURATION),
        ),
      ],
      DURATION,
    ),
    description,
  );

const SIZE = 'a number of bytes, or a size such as "500MB" or "20GB"';
const size = v.union(
  [
    v.pipe(v.number(), v.integer(SIZE), v.minValue(0, SIZE)),
    v.pipe(
      text(),
      v.regex(/^\d+(\.\d+)? ?(B|[kK]B|[MGT]B|[KMGT]iB)$/, SIZE),
      v.check(value => bytesOf(value) !== undefined, SIZE),
    ),
  ],
  SIZE,
);

const FILTER = '"auto", "off" or a list of variable names and globs such as ["df", "stats_*"]';
const filter = v.union(
  [v.picklist(['auto', 'off'], FILTER), list(checked(patternProblem, 'a variable name or glob'), FILTER)],
  FILTER,
);

const PARENT = 'the id of a block, or { "block": id, "use": { "name of the parent": "name here" } }';
const parent = v.union(
  [
    id(),
    v.looseObject(
      {
        block: id(),
        use: v.optional(
          v.record(text(), text('a variable name'), 'an object from names of the parent to names here'),
        ),
      },
      PARENT,
    ),
  ],
  PARENT,
);

const tags = (of: string) =>
  described(
    v.optional(v.record(text(), text('a string'), 'an object of strings')),
    `Tags of the ${of}, for searching.`,
  );

export const blockEntries = {
  notebook: described(
    v.optional(checked(notebookPathProblem, 'a path such as "load.ipynb"')),
    'Notebook with the code of the block, relative to this file, with "/".',
  ),
  module: described(v.optional(text()), 'Python module with a __run__ function, instead of a notebook.'),
  command: described(v.optional(text()), 'Shell command, instead of a notebook.'),
  parents: described(
    v.optional(list(parent, 'a list of block ids'), []),
    'Blocks whose exports this one reads.',
  ),
  filter: described(
    v.optional(filter, 'auto'),
    'What the block hands on: "auto" = all that can be stored, a list of names and globs, "off" = its whole session.',
  ),
  run: described(
    v.optional(v.picklist(['auto', 'always', 'never'], '"auto", "always" or "never"'), 'auto'),
    'auto: when nothing stored answers; always: at every run; never: frozen at its last result.',
  ),
  ttl: v.optional(duration('How long a result that came from the network stays good.')),
  inputs: described(
    v.optional(list(checked(dataPathProblem, 'a path or glob'), 'a list of paths and globs'), []),
    'Files that count although no code was seen to read them.',
  ),
  outputs: described(
    v.optional(list(checked(dataPathProblem, 'a path or glob'), 'a list of paths and globs'), []),
    'Files that the block writes and that come back when its result is restored.',
  ),
  env: described(
    v.optional(list(text('the name of an environment variable'), 'a list of environment variables'), []),
    'Environment variables that count.',
  ),
  cwd: described(
    v.optional(checked(pathProblem, 'a folder relative to this file')),
    'Working folder relative to this file; without it, the folder of the notebook.',
  ),
  after: described(
    v.optional(list(id(), 'a list of block ids'), []),
    'Blocks that must be done before, without handing on values.',
  ),
  tags: tags('block'),
  timeout: v.optional(duration('How long the block may run.')),
  retries: described(
    v.optional(count('a whole number, 0 or more'), 0),
    'How often a failed block is tried again.',
  ),
  each: described(
    v.optional(flatObject('an object of lists, such as { "alpha": [0.1, 1, 10] }')),
    'Runs the block, and what depends on it, once per value.',
  ),
  generator: described(v.optional(v.unknown()), 'Reserved.'),
  executor: described(v.optional(text('the name of an executor')), 'Where the block runs.'),
};

export const rootEntries = {
  $schema: v.optional(text()),
  version: described(v.literal(1, '1'), 'Version of this format.'),
  name: described(
    v.optional(v.pipe(text(), v.minLength(1, 'a string that is not empty'))),
    'Name of the project; without it, the name of its folder.',
  ),
  kernel: described(
    v.optional(
      v.pipe(text('the name of a Jupyter kernel'), v.minLength(1, 'the name of a Jupyter kernel')),
      'python3',
    ),
    'Jupyter kernel that runs the blocks.',
  ),
  cache: v.optional(
    v.looseObject(
      {
        keep: described(
          v.optional(
            v.pipe(count('a whole number, 1 or more'), v.minValue(1, 'a whole number, 1 or more')),
            3,
          ),
          'How many results of a block are kept.',
        ),
        maxBytes: described(v.optional(size), 'Largest size of the cache.'),
      },
      'an object such as { "keep": 3, "maxBytes": "20GB" }',
    ),
  ),
  parameters: described(
    v.optional(flatObject('an object of JSON values')),
    'Variables of every block; a block depends on those that it reads.',
  ),
  seed: described(
    v.optional(
      v.nullable(
        v.pipe(
          v.number('a whole number or null'),
          v.integer('a whole number or null'),
          v.minValue(0, 'a whole number, 0 or more, or null'),
        ),
      ),
    ),
    'Seed of random generators; null leaves them unseeded.',
  ),
  prelude: described(v.optional(id()), 'Block that runs first in every session.'),
  externalTtl: v.optional(
    duration('How long results that came from the network stay good, unless a block says otherwise.'),
  ),
  tags: tags('project'),
  schedules: described(v.optional(flatObject('an object of schedules')), 'When blocks run by themselves.'),
  triggers: described(
    v.optional(flatObject('an object of triggers')),
    'What makes blocks run by themselves.',
  ),
};

export const cacheKeys: readonly string[] = ['keep', 'maxBytes'];
export const edgeKeys: readonly string[] = ['block', 'use'];

export const blockSchema = v.looseObject(blockEntries, 'an object such as { "notebook": "load.ipynb" }');
/** Blocks are checked one by one: objects can not keep the order of ids that look like numbers. */
export const rootSchema = v.looseObject(
  { ...rootEntries, blocks: v.looseObject({}, 'an object of blocks') },
  'an object with "version" and "blocks"',
);
/** For the published JSON Schema. */
export const dagFileSchema = v.looseObject({
  ...rootEntries,
  blocks: v.pipe(v.record(text(), blockSchema), v.description('Blocks by id, in notebook order.')),
});
