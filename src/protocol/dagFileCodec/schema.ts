/**
 * Shape of `dag.json`: the decoder checks files against it, and it is published as JSON Schema. What needs more than one
 * value to judge is in `relations.ts`.
 */
import type { JsonSchema } from './jsonSchema.js';
import { dataPathProblem, idProblem, notebookPathProblem, pathProblem, patternProblem } from './names.js';

const text = (must = 'a string'): JsonSchema => ({ type: 'string', must });
const word = (must: string): JsonSchema => ({ type: 'string', minLength: 1, must });
const checked = (rule: NonNullable<JsonSchema['rule']>, must: string): JsonSchema => ({
  type: 'string',
  must,
  rule,
});
const list = (items: JsonSchema, must: string): JsonSchema => ({ type: 'array', items, must });
const table = (item: JsonSchema, must: string): JsonSchema => ({
  type: 'object',
  additionalProperties: item,
  must,
});
const count = (minimum: number, must: string): JsonSchema => ({ type: 'integer', minimum, must });
const described = (schema: JsonSchema, description: string, preset?: unknown): JsonSchema => ({
  ...schema,
  ...(preset === undefined ? {} : { default: preset }),
  description,
});

const id: JsonSchema = described(checked(idProblem, 'the id of a block'), 'Id of a block.');

const DURATION = 'a number of seconds, or a time such as "5s", "10m", "2h" or "7d"';
const duration = (description: string): JsonSchema => ({
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'string', pattern: '^\\d+(\\.\\d+)? ?(ms|s|m|min|h|d|w)$' },
  ],
  must: DURATION,
  description,
});

const size: JsonSchema = {
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^\\d+(\\.\\d+)? ?(B|[kK]B|[MGT]B|[KMGT]iB)$' },
  ],
  must: 'a number of bytes, or a size such as "500MB" or "20GB"',
};

const FILTER = '"auto", "off" or a list of variable names and globs such as ["df", "stats_*"]';
const filter: JsonSchema = {
  anyOf: [
    { type: 'string', enum: ['auto', 'off'], must: FILTER },
    list(checked(patternProblem, 'a variable name or glob'), FILTER),
  ],
  must: FILTER,
};

const PARENT = 'the id of a block, or { "block": id, "use": { "name of the parent": "name here" } }';
const edge = {
  block: id,
  use: table(text('a variable name'), 'an object from names of the parent to names here'),
} satisfies Record<string, JsonSchema>;
const parent: JsonSchema = {
  anyOf: [id, { type: 'object', properties: edge, required: ['block'], must: PARENT }],
  must: PARENT,
};

const tags = (of: string): JsonSchema =>
  described(table(text(), 'an object of strings'), `Tags of the ${of}, for searching.`);
const PATHS = 'a list of paths and globs';

const blockEntries = {
  notebook: described(
    checked(notebookPathProblem, 'a path such as "load.ipynb"'),
    'Notebook with the code of the block, relative to this file, with "/".',
  ),
  module: described(text(), 'Python module with a __run__ function, instead of a notebook.'),
  command: described(text(), 'Shell command, instead of a notebook.'),
  parents: described(list(parent, 'a list of block ids'), 'Blocks whose exports this one reads.', []),
  filter: described(
    filter,
    'What the block hands on: "auto" = all that can be stored, a list of names and globs, "off" = its whole session.',
    'auto',
  ),
  run: described(
    { type: 'string', enum: ['auto', 'always', 'never'], must: '"auto", "always" or "never"' },
    'auto: when nothing stored answers; always: at every run; never: frozen at its last result.',
    'auto',
  ),
  ttl: duration('How long a result that came from the network stays good.'),
  inputs: described(
    list(checked(dataPathProblem, 'a path or glob'), PATHS),
    'Files that count although no code was seen to read them.',
    [],
  ),
  outputs: described(
    list(checked(dataPathProblem, 'a path or glob'), PATHS),
    'Files that the block writes and that come back when its result is restored.',
    [],
  ),
  env: described(
    list(text('the name of an environment variable'), 'a list of environment variables'),
    'Environment variables that count.',
    [],
  ),
  cwd: described(
    checked(pathProblem, 'a folder relative to this file'),
    'Working folder relative to this file; without it, the folder of the notebook.',
  ),
  after: described(
    list(id, 'a list of block ids'),
    'Blocks that must be done before, without handing on values.',
    [],
  ),
  tags: tags('block'),
  timeout: duration('How long the block may run.'),
  retries: described(count(0, 'a whole number, 0 or more'), 'How often a failed block is tried again.', 0),
  each: described(
    { type: 'object', must: 'an object of lists, such as { "alpha": [0.1, 1, 10] }' },
    'Runs the block, and what depends on it, once per value.',
  ),
  generator: { description: 'Reserved.' },
  executor: described(text('the name of an executor'), 'Where the block runs.'),
} satisfies Record<string, JsonSchema>;

const cacheEntries = {
  keep: described(count(1, 'a whole number, 1 or more'), 'How many results of a block are kept.', 3),
  maxBytes: described(size, 'Largest size of the cache.'),
} satisfies Record<string, JsonSchema>;

const rootEntries = {
  $schema: text(),
  version: described({ const: 1, must: '1' }, 'Version of this format.'),
  name: described(
    word('a string that is not empty'),
    'Name of the project; without it, the name of its folder.',
  ),
  kernel: described(word('the name of a Jupyter kernel'), 'Jupyter kernel that runs the blocks.', 'python3'),
  cache: {
    type: 'object',
    properties: cacheEntries,
    must: 'an object such as { "keep": 3, "maxBytes": "20GB" }',
  },
  parameters: described(
    { type: 'object', must: 'an object of JSON values' },
    'Variables of every block; a block depends on those that it reads.',
  ),
  seed: described(
    {
      anyOf: [count(0, 'a whole number, 0 or more, or null'), { type: 'null' }],
      must: 'a whole number, 0 or more, or null',
    },
    'Seed of random generators; null leaves them unseeded.',
  ),
  prelude: described(id, 'Block that runs first in every session.'),
  externalTtl: duration(
    'How long results that came from the network stay good, unless a block says otherwise.',
  ),
  tags: tags('project'),
  schedules: described({ type: 'object', must: 'an object of schedules' }, 'When blocks run by themselves.'),
  triggers: described(
    { type: 'object', must: 'an object of triggers' },
    'What makes blocks run by themselves.',
  ),
} satisfies Record<string, JsonSchema>;

export const rootKeys: readonly string[] = [...Object.keys(rootEntries), 'blocks'];
export const blockKeys: readonly string[] = Object.keys(blockEntries);
export const cacheKeys: readonly string[] = Object.keys(cacheEntries);
export const edgeKeys: readonly string[] = Object.keys(edge);

export const dagFileSchema: JsonSchema = {
  type: 'object',
  properties: {
    ...rootEntries,
    blocks: described(
      table(
        {
          type: 'object',
          properties: blockEntries,
          must: 'an object such as { "notebook": "load.ipynb" }',
        },
        'an object of blocks',
      ),
      'Blocks by id, in notebook order.',
    ),
  },
  required: ['version', 'blocks'],
  must: 'an object with "version" and "blocks"',
};
