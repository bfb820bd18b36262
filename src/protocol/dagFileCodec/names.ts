/** What names, paths and amounts in `dag.json` may look like. Each check returns what is wrong, or nothing. */

/** Ids name blocks on the command line, in messages and in pictures, so they stay short and free of anything that a shell or a path reads. */
export const LONGEST_ID = 100;
/** What most ids look like. The tables of all scripts take long to load, so only other ids are held against them. */
const PLAIN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const isId = (id: string) => PLAIN_ID.test(id) || /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u.test(id);
/** Words that `dagpy run` takes for a set of blocks. */
const TARGETS = new Set(['affected', 'all']);

/** Letters and digits of any script, and `-`, `_`, `.` after the first character. */
export function idProblem(id: string): string | undefined {
  if (id === '') return 'is empty';
  if (id.length > LONGEST_ID) return `is longer than ${LONGEST_ID} characters`;
  if (!isId(id)) return 'may hold letters, digits, "-", "_" and "." and starts with a letter or a digit';
  if (id.normalize('NFC') !== id) return 'is written with combining characters where composed ones exist';
  if (TARGETS.has(id)) return `is a word with a meaning of its own in "dagpy run ${id}"`;
  return undefined;
}

/** Those that turn the direction of writing too: a name would look like another one. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** A path that stays inside the project: relative, with `/`, already in its shortest form. */
export function insidePathProblem(path: string): string | undefined {
  const general = pathProblem(path);
  if (general) return general;
  const parts = path.split('/');
  if (parts.includes('..')) return 'leaves its folder with ".."; it must lie inside the project';
  if (parts.includes('') || parts.includes('.'))
    return 'has an empty or "." part; write it in its shortest form';
  return undefined;
}

/** A notebook inside the project and outside its `.dagpy` folder. */
export function notebookPathProblem(path: string): string | undefined {
  const inside = insidePathProblem(path);
  if (inside) return inside;
  if (!path.toLowerCase().endsWith('.ipynb')) return 'does not end in .ipynb';
  if (path.split('/')[0] === '.dagpy') return "lies in .dagpy, which is the cache's own folder";
  return undefined;
}

/** A relative path or glob with `/`; it may leave the project with `..`. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (CONTROL.test(path)) return 'contains a control character';
  if (path.includes('\\')) return 'contains a backslash; write "/" between folders, on Windows too';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.startsWith('~')) {
    return 'is absolute, so it would only work on one machine; write it relative to the project';
  }
  return undefined;
}

/** A path or glob of data, which may lie anywhere. */
export function dataPathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (CONTROL.test(path)) return 'contains a control character';
  return undefined;
}

const PLAIN_IDENTIFIER = /^[A-Za-z_]\w*$/;
const isIdentifier = (name: string) =>
  PLAIN_IDENTIFIER.test(name) || /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name);
const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

/** A Python variable. */
export function variableProblem(name: string): string | undefined {
  if (!isIdentifier(name)) return 'is not a Python variable name';
  if (KEYWORDS.has(name)) return 'is a word of the Python language';
  return undefined;
}

/** A variable or a glob over variables (`*`, `?`, `[abc]`). */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'is empty';
  const outside = pattern.replace(/\[!?[^\][]+\]/g, 'a');
  if (/[[\]]/.test(outside)) return 'has a [ without its ]';
  const named = outside.replace(/[*?]/g, 'a');
  // A part of a name may begin with a digit.
  const whole = isIdentifier(named) ? named : named.replace(/^\p{N}/u, 'a');
  return variableProblem(whole) && 'is not a variable name or a glob such as "stats_*"';
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86400,
  w: 604800,
};

/** Bytes of `20GB`, `512 MiB` or a number of bytes. */
export const bytesOf = (value: unknown): number | undefined => amount(value, SIZE_UNITS, true);
/** Seconds of `5s`, `10m`, `2h`, `1d` or a number of seconds. */
export const secondsOf = (value: unknown): number | undefined => amount(value, TIME_UNITS, false);

function amount(value: unknown, units: Readonly<Record<string, number>>, whole: boolean): number | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && value >= 0 && (!whole || Number.isSafeInteger(value))
      ? value
      : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(value.trim());
  const unit = match && Object.hasOwn(units, match[2] as string) ? units[match[2] as string] : undefined;
  if (!match || unit === undefined) return undefined;
  const result = Number(match[1]) * unit;
  return whole ? Math.round(result) : result;
}
