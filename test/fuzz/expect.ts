/** What may come out of a decoder that was given anything at all. */
import assert from 'node:assert/strict';
import type { Problem, Result } from '../../src/protocol/problem.js';
import { counted } from '../proof.js';
import { chance, type Chance } from './mutate.js';

/** Problems in words: a code, a message, a remedy. */
export function assertTold(problems: readonly Problem[]): void {
  assert.ok(problems.length > 0, 'refused without a word');
  for (const { code, message, remedy } of problems) {
    assert.match(code, /^[a-z][a-z-]*$/);
    assert.ok(message !== '' && remedy !== '', `${code} has no words`);
  }
}

/** The value, where it was accepted. */
export function accepted<Value>(result: Result<Value>): Value | undefined {
  if (result.ok) return result.value;
  assertTold(result.problems);
  return undefined;
}

const SEED = Number(process.env['DAGPY_SEED'] ?? Date.now() % 2 ** 31);

/** Tries many inputs; one that fails is named by its number and seed, and shown. */
export function fuzz<Input>(
  what: string,
  times: number,
  make: (luck: Chance) => Input,
  check: (input: Input, luck: Chance) => void,
): void {
  for (let number = 0; number < times; number++) {
    const luck = chance(SEED + number);
    const input = make(luck);
    try {
      check(input, luck);
    } catch (error) {
      const shown = typeof input === 'string' ? input : JSON.stringify(input);
      throw new Error(`input ${number} of DAGPY_SEED=${SEED}, ${what}: ${shown.slice(0, 3000)}`, {
        cause: error,
      });
    }
  }
  assert.equal('polluted' in {}, false, 'the prototype of all objects was changed');
  counted(`inputs of ${what}`, times);
}
