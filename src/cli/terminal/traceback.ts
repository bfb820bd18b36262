/** A traceback for the terminal: what leads to the fault; the whole of it is in the notebook. */
import { stripVTControlCharacters } from 'node:util';
import type { Problem } from '../../protocol/problem.js';

const NOISE = 'Could not get source, probably due dynamically evaluated source code.';
const HEAD = /^-+$|Traceback \(most recent call last\)$/;
const LINK = /^\s*(?:The above exception was the direct|During handling of the above)/;
const FRAME = /^\s*(?:File|Cell) /;
const LIBRARY = /^File .*[\\/](?:site|dist)-packages[\\/]/;
// eslint-disable-next-line no-control-regex
const CELL = /Cell((?:\u001b\[[\d;]*m)*) ((?:\u001b\[[\d;]*m)*)In\[\d+\]((?:\u001b\[[\d;]*m)*), /;

/**
 * Frames of compiled code, the headline, causes that lie between libraries and the message of `problem` are left out;
 * other frames of libraries are one line each. The cell goes by the number that people count.
 */
export function shortTraceback(traceback: readonly string[], { message, cell }: Problem): string {
  let parts: string[] = [];
  let isOwn = false;
  for (const part of traceback) {
    const plain = stripVTControlCharacters(part);
    if (HEAD.test(plain.trim()) || plain.includes(NOISE)) continue;
    if (LIBRARY.test(plain)) parts.push(part.split('\n')[0] ?? '');
    else if (!LINK.test(plain)) {
      isOwn ||= FRAME.test(plain);
      parts.push(part.replace(CELL, inWords(plain, cell)));
      // What happened between libraries before is nothing that the notebook could help.
    } else if (isOwn) parts.push(part);
    else parts = [];
  }
  const lines = parts.join('\n').trimEnd().split('\n');
  const said = message.split('\n');
  const last = lines.slice(-said.length).map(line => stripVTControlCharacters(line).trim());
  const isSaid = last.every((line, at) => line === said[at]?.trim());
  return (isSaid ? lines.slice(0, -said.length) : lines).join('\n').trimEnd();
}

/** The number beside `In` counts anew in the prelude, so only the cell that failed is named. */
function inWords(frame: string, cell: number | undefined): string {
  const [header = ''] = frame.trim().split('\n');
  return cell === undefined || header.includes(', in ') ? '$1$2$3' : `cell$1 $2${String(cell)}$3, `;
}
