import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
// @ts-expect-error scripts are plain JavaScript
import * as schemaScript from '../../scripts/dagSchema.mjs';
// @ts-expect-error scripts are plain JavaScript
import { venvBin } from '../../scripts/tools.mjs';
import { decodeDagFile } from '../../src/protocol/dagFileCodec/index.js';

const { schemaFile, schemaText } = schemaScript as { schemaFile: string; schemaText: () => Promise<string> };
const python = (venvBin as (name: string) => string)('python');

const block = (text: string) => `{"version": 1, "blocks": {"a": ${text}}}`;
const GOOD = [
  '{"version": 1, "blocks": {}}',
  '{"$schema": "x", "version": 1, "name": "n", "cache": {"maxBytes": "20GB"}, "seed": null, "parameters": {"x": [1]}, "blocks": {"größe": {"notebook": "a.ipynb"}}}',
  block(
    '{"notebook": "a.ipynb", "filter": ["df", "stats_*"], "ttl": "5m", "timeout": 3, "run": "always", "mine": 1}',
  ),
  '{"version": 1, "blocks": {"a": {"notebook": "a.ipynb"}, "b": {"notebook": "b.ipynb", "parents": ["a"]}, "c": {"notebook": "c.ipynb", "parents": [{"block": "a", "use": {"x": "y"}}]}}}',
];
const BAD = [
  '{"blocks": {}}',
  '{"version": 2, "blocks": {}}',
  '{"version": 1, "blocks": []}',
  '{"version": 1, "seed": 1.5, "blocks": {}}',
  '{"version": 1, "blocks": {"a/b": {"notebook": "a.ipynb"}}}',
  block('{"notebook": 3}'),
  block('{"notebook": "a.ipynb", "filter": "some"}'),
  block('{"notebook": "a.ipynb", "parents": "b"}'),
  block('{"notebook": "a.ipynb", "ttl": "soon"}'),
  block('{"notebook": "a.ipynb", "tags": {"x": 1}}'),
];

test('the published JSON Schema is the one of the decoder', async () => {
  const message = 'write it again: node --import ./scripts/typescript.mjs scripts/dagSchema.mjs';
  assert.equal(readFileSync(schemaFile, 'utf8'), await schemaText(), message);
});

test('an editor that uses the JSON Schema and the decoder agree', () => {
  const script = `
import json, sys
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1], encoding="utf-8"))
Draft7Validator.check_schema(schema)
print(json.dumps([Draft7Validator(schema).is_valid(json.loads(text)) for text in json.load(sys.stdin)]))`;
  const input = JSON.stringify([...GOOD, ...BAD]);
  const valid = JSON.parse(
    execFileSync(python, ['-c', script, schemaFile], { input, encoding: 'utf8' }),
  ) as boolean[];
  const expected = [...GOOD.map(() => true), ...BAD.map(() => false)];
  assert.deepEqual(valid, expected);
  assert.deepEqual(
    [...GOOD, ...BAD].map(text => decodeDagFile(text).ok),
    expected,
  );
});
