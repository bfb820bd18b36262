/** Yes or no, from whoever sits at the terminal. */
import { readSync } from 'node:fs';
import { isTerminal, type Output } from './output.js';

/** @returns whether the answer is yes; also where nobody is there to be asked, as in scripts */
export function isAgreed(stderr: Output, question: string): boolean {
  if (!stderr.isTTY || !isTerminal(0)) return true;
  stderr.write(`${question} [y/N] `);
  const line = Buffer.alloc(256);
  try {
    const length = readSync(0, line);
    return /^\s*y(es)?\s*$/i.test(line.toString('utf8', 0, length));
  } catch {
    // The terminal is gone: nobody agreed.
    return false;
  }
}
