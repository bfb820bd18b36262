/** A digest is that of the whole text, however long it is and whatever letters it has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHasher } from '../../src/adapters/hash.js';

const hasher = await createHasher();
const LETTERS = ['x', 'é', '€', '😀'];

test('a text has the digest of its bytes, about as long as any buffer may be', () => {
  for (const size of [4096, 3 * 4096, 65_536])
    for (const letter of LETTERS)
      for (let length = size - 6; length <= size + 6; length += 1) {
        const text = 'a'.repeat(length) + letter;
        assert.equal(
          hasher.digest(text),
          hasher.digestBytes(Buffer.from(text)),
          `${String(length)} and ${letter}`,
        );
      }
});

test('texts that differ only in their last letter have different digests', () => {
  for (const size of [4096, 3 * 4096])
    for (const letter of LETTERS)
      for (let length = size - 6; length <= size; length += 1) {
        const [one, other] = ['1', '2'].map(end => hasher.digest('a'.repeat(length) + letter + end));
        assert.notEqual(one, other, `${String(length)}, ${letter}`);
      }
});

test('texts of many kinds of letters have the digests of their bytes', () => {
  for (let length = 1; length < 6000; length += 37) {
    const text = Array.from({ length }, (_, place) => LETTERS[(place * length) % 4]).join('');
    assert.equal(hasher.digest(text), hasher.digestBytes(Buffer.from(text)), String(length));
  }
});

test('a half of a letter is not taken for the sign that stands for what can not be read', () => {
  assert.notEqual(hasher.digest('\ud800'), hasher.digest('\ufffd'));
  assert.notEqual(hasher.digest('\ud800'), hasher.digest('\udc00'));
});
