/** Laying JSON text out anew without reading its values. */
import type { JsonStyle } from './jsonFormat.js';
import { skipSpace, skipValue } from './jsonText.js';

/**
 * The same JSON laid out anew: every number, string and key keeps its own characters, also those that a program can not
 * hold (`1.0`, integers beyond 2^53, doubled keys). The text must be valid JSON.
 * @param indent of the line that the value starts on
 */
export function layOutAgain(text: string, style: JsonStyle, indent = ''): string {
  const parts: string[] = [];
  const newline = (depth: number): string =>
    style.unit === null ? '' : style.newline + indent + style.unit.repeat(depth);
  let depth = 0;
  // No regular expression: strings of many megabytes (figures) overflow its stack.
  for (let at = skipSpace(text, 0); at < text.length;) {
    const character = text[at]!;
    const next = skipSpace(text, at + 1);
    if (character === '{' || character === '[') {
      const close = character === '{' ? '}' : ']';
      if (text[next] === close) {
        parts.push(character, close);
        at = skipSpace(text, next + 1);
        continue;
      }
      depth += 1;
      parts.push(character, newline(depth));
    } else if (character === '}' || character === ']') {
      depth -= 1;
      parts.push(newline(depth), character);
    } else if (character === ',') parts.push(style.unit === null ? ', ' : `,${newline(depth)}`);
    else if (character === ':') parts.push(': ');
    else {
      const end = skipScalar(text, at);
      parts.push(text.slice(at, end));
      at = skipSpace(text, end);
      continue;
    }
    at = next;
  }
  return parts.join('');
}

/** End of a string, number or word; a key ends before its colon. */
function skipScalar(text: string, at: number): number {
  if (text[at] === '"') return skipValue(text, at);
  while (at < text.length && !/[\s,:\]}]/.test(text.charAt(at))) at += 1;
  return at;
}
