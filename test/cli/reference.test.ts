import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
// @ts-expect-error scripts are plain JavaScript
import * as referenceScript from '../../scripts/reference.mjs';

const { referenceFile, referenceText } = referenceScript as {
  readonly referenceFile: string;
  readonly referenceText: () => Promise<string>;
};

test('the reference in the docs is what the table says', async () => {
  const message = 'write it again: node --import ./scripts/typescript.mjs scripts/reference.mjs';
  assert.equal(readFileSync(referenceFile, 'utf8'), await referenceText(), message);
});
