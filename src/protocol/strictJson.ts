/** Strict JSON with every syntax error's place, and limits that keep hostile files from hurting. */
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { placeOf } from './jsonText.js';
import type { Problem } from './problem.js';

export type JsonNode = Node;

/** Messages for what jsonc-parser finds, in the words of people who write JSON by hand. */
const SYNTAX: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  InvalidSymbol: [
    'this is not a JSON value',
    'write strings in double quotes; JSON knows true, false and null, not NaN or None',
  ],
  InvalidNumberFormat: ['this is not a JSON number', 'write it like 12, -0.5 or 1e6'],
  PropertyNameExpected: [
    'a key in double quotes is missing',
    'remove the comma after the last entry, or add the key',
  ],
  ValueExpected: ['a value is missing', 'add the value, or remove the comma after the last entry'],
  ColonExpected: ['a colon is missing after the key', 'write "key": value'],
  CommaExpected: ['a comma is missing', 'put a comma between two entries'],
  CloseBraceExpected: ['a closing } is missing', 'close the object'],
  CloseBracketExpected: ['a closing ] is missing', 'close the list'],
  EndOfFileExpected: ['there is text after the end of the JSON value', 'remove it'],
  InvalidCommentToken: ['JSON has no comments', 'remove the comment'],
  UnexpectedEndOfComment: ['JSON has no comments', 'remove the comment'],
  UnexpectedEndOfString: [
    'a string is not closed on its line',
    'add the closing double quote; write a line break as \\n',
  ],
  UnexpectedEndOfNumber: ['a number is cut off', 'complete the number'],
  InvalidUnicode: ['a \\u escape is not complete', 'write \\u and four hexadecimal digits'],
  InvalidEscapeCharacter: ['this escape is unknown', 'write a backslash as \\\\'],
  InvalidCharacter: ['a string contains a control character', 'write it as an escape such as \\n or \\t'],
};

/** Deepest nesting of brackets outside strings. */
export function nestingOf(text: string): number {
  // Strings are nearly all of a large file: they are leapt over.
  const inString = /["\\\n]/g;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      inString.lastIndex = at + 1;
      let end = inString.exec(text);
      while (end?.[0] === '\\') {
        inString.lastIndex += 1;
        end = inString.exec(text);
      }
      if (end === null) break;
      at = end.index;
    } else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

/** Syntax tree and errors; the caller has checked the nesting, since the parser recurses. */
export function parseStrict(text: string): {
  readonly tree: Node | undefined;
  readonly errors: readonly ParseError[];
} {
  const errors: ParseError[] = [];
  // A byte-order mark is white space to us; replacing it keeps all offsets.
  const plain = text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text;
  const tree = parseTree(plain, errors, { disallowComments: true, allowTrailingComma: false });
  return { tree, errors };
}

/** What is wrong with a text that `JSON.parse` refuses; at most the first 20 errors, since one brings others along. */
export function syntaxProblems(text: string, file: string, deepest: number): Problem[] {
  if (text.trim() === '') {
    return [
      {
        code: 'json-syntax',
        message: 'the file is empty',
        file,
        line: 1,
        column: 1,
        remedy: 'restore it from a backup or version control',
      },
    ];
  }
  if (nestingOf(text) > deepest) return [tooDeep(file, deepest)];
  // No string of JSON goes over a line's end, so this can be nothing else.
  const marker = /^<{7} /m.exec(text);
  if (marker !== null)
    return [
      {
        code: 'json-merge-conflict',
        message: 'a merge left both versions here, between <<<<<<< and >>>>>>>',
        file,
        ...placeOf(text, marker.index),
        remedy: `choose, or take one whole version with git checkout --ours or --theirs ${file}`,
      },
    ];
  const seen = new Set<number>();
  const problems: Problem[] = [];
  for (const error of parseStrict(text).errors) {
    const place = placeOf(text, error.offset);
    if (seen.has(place.line) || problems.length === 20) continue;
    seen.add(place.line);
    const [message, remedy] = SYNTAX[printParseErrorCode(error.error)] ?? ['this is not JSON', 'correct it'];
    problems.push({ code: 'json-syntax', message, file, ...place, remedy });
  }
  if (problems.length > 0) return problems;
  return [
    {
      code: 'json-syntax',
      message: 'this is not JSON',
      file,
      line: 1,
      column: 1,
      remedy: 'correct the syntax',
    },
  ];
}

export function tooDeep(file: string, deepest: number): Problem {
  return {
    code: 'json-nesting',
    message: `brackets are nested more than ${deepest} deep`,
    file,
    remedy: 'flatten the file',
  };
}

/** The plain value of a text that may begin with a byte-order mark; throws `SyntaxError`. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}
