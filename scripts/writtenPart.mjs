// A part of a page of the docs that a script writes: what stands between two comments.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ScriptError, root } from './tools.mjs';

/** @param rewrite from what stands there to what is to stand there, in lines */
export function rewritePart(page, name, rewrite) {
  const text = readFileSync(page, 'utf8');
  const opening = new RegExp(`<!-- ${name}: written by [^\\n]*-->\\n`).exec(text);
  const to = text.indexOf(`<!-- ${name}: end -->`);
  const from = opening === null ? -1 : opening.index + opening[0].length;
  if (from < 0 || to < from)
    throw new ScriptError(
      `${relative(root, page)} has no <!-- ${name}: written by … --> … <!-- ${name}: end -->`,
    );
  const lines = rewrite(text.slice(from, to).split('\n'));
  writeFileSync(page, `${text.slice(0, from)}${lines.map(line => `${line}\n`).join('')}${text.slice(to)}`);
}

export const tableRow = cells => `| ${cells.join(' | ')} |`;
