import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../src/protocol/dagFile.js';
import { DecodeError } from '../../../src/protocol/decode.js';
import { callNames, callTable, isCall } from '../../../src/protocol/resident/callTable.js';
import { openApi } from '../../../src/protocol/resident/openapi.js';
import type { Schema } from '../../../src/protocol/resident/schema.js';
import { valuesOf } from './arbitrary.js';

type Node = { readonly [name: string]: Json };

const schemas: readonly (readonly [string, Schema<unknown>])[] = callNames.flatMap(name => [
  [`parameters of ${name}`, callTable[name].parameters as Schema<unknown>] as const,
  [`result of ${name}`, callTable[name].result as Schema<unknown>] as const,
]);

test('the table has every call of the type, and no other', () => {
  const text = readFileSync(new URL('../../../src/protocol/resident/calls.ts', import.meta.url), 'utf8');
  const body = text.slice(text.indexOf('export interface Calls {'));
  const declared = [...body.slice(0, body.indexOf('\n}')).matchAll(/^ {2}(\w+): \{/gm)].map(
    match => match[1],
  );
  assert.deepEqual([...callNames].sort(), declared.sort());
  assert.equal(isCall('constructor'), false);
});

test('what fits a schema is decoded as it is', () => {
  for (const [name, schema] of schemas)
    fc.assert(
      fc.property(valuesOf(schema), value => {
        assert.deepEqual(schema.decode(JSON.parse(JSON.stringify(value)), name), value);
      }),
      { numRuns: 30 },
    );
});

test('whatever else comes in is refused in words', () => {
  for (const [name, schema] of schemas)
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything()), value => {
        try {
          schema.decode(value, name);
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error));
          assert.ok(error.message.startsWith(name), error.message);
        }
      }),
      { numRuns: 60 },
    );
});

test('fields that nobody knows are no part of a call', () => {
  const { decode } = callTable.view.parameters;
  assert.deepEqual(decode({ project: 'a' }, 'parameters'), { project: 'a' });
  assert.throws(() => decode({ project: 'a', more: 1 }, 'parameters'), /parameters\.more: no such field/);
  assert.throws(() => decode(JSON.parse('{"project":"a","__proto__":{}}'), 'parameters'), DecodeError);
});

test('the description is whole: each call with its schemas, each reference with what it names', () => {
  const description = openApi('1.2.3') as Node;
  assert.equal(description['openapi'], '3.1.0');
  const paths = description['paths'] as Node;
  for (const name of callNames) {
    const { post } = paths[`/v1/calls/${name}`] as { readonly post: Node };
    assert.equal(post['operationId'], name);
    assert.ok(String(post['summary']).length > 10, name);
  }
  const text = JSON.stringify(description);
  for (const [, path] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = path!
      .split('/')
      .reduce<Json | undefined>((node, part) => (node as Node)[part], description);
    assert.notEqual(found, undefined, path);
  }
});
