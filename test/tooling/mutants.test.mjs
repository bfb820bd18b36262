import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mutants } from '../../scripts/mutants/list.mjs';

const root = join(import.meta.dirname, '..', '..');

for (const { name, file, find, replace } of mutants)
  test(`the text that a mutant changes stands once: ${name}`, () => {
    const whole = readFileSync(join(root, file), 'utf8');
    assert.equal(
      whole.split(find).length - 1,
      1,
      `${JSON.stringify(find)} in ${file}: mend scripts/mutants/list.mjs`,
    );
    assert.notEqual(find, replace);
  });
