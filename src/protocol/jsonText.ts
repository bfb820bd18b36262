/**
 * Finding and changing places in JSON text without re-serialising it: every byte that is not asked for stays.
 * The text must be valid JSON already (checked with `JSON.parse`); a leading byte-order mark is fine.
 */
import { formatJson, type JsonStyle } from './jsonFormat.js';

/** Half-open range of UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Member {
  readonly key: string;
  /** From the key's first quote to the end of the value. */
  readonly start: number;
  readonly value: Span;
}

export interface Splice extends Span {
  readonly text: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** First position at or after `at` that is not JSON white space. */
export function skipSpace(text: string, at: number): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

/** Where the outermost value starts. */
export function rootStart(text: string): number {
  return skipSpace(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);
}

function skipString(text: string, at: number): number {
  let close = at;
  for (;;) {
    close = text.indexOf('"', close + 1);
    if (close < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return close + 1;
  }
}

/** End of the value that starts at `at`. */
export function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return skipString(text, at);
  if (first === 0x7b || first === 0x5b) {
    let depth = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        at = skipString(text, at);
        continue;
      }
      if (code === 0x7b || code === 0x5b) depth++;
      else if (code === 0x7d || code === 0x5d) depth--;
      at++;
      if (depth === 0) return at;
    }
    return at;
  }
  while (at < text.length && !/[\s,\]}]/.test(text.charAt(at))) at++;
  return at;
}

/** Members of the object that starts at `start`, in order; of a doubled key, both. */
export function membersOf(text: string, start: number): Member[] {
  const found: Member[] = [];
  if (text[start] !== '{') return found;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    found.push({ key, start: at, value: { start: valueStart, end: valueEnd } });
    at = skipSpace(text, valueEnd);
    if (text[at] !== ',') break;
    at = skipSpace(text, at + 1);
  }
  return found;
}

/** Elements of the array that starts at `start`. */
export function elementsOf(text: string, start: number): Span[] {
  const found: Span[] = [];
  if (text[start] !== '[') return found;
  let at = skipSpace(text, start + 1);
  while (at < text.length && text[at] !== ']') {
    const end = skipValue(text, at);
    found.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] !== ',') break;
    at = skipSpace(text, at + 1);
  }
  return found;
}

/** The member that a reader sees: of a doubled key the last, as `JSON.parse` and Python have it. */
export function memberOf(text: string, start: number, key: string): Member | undefined {
  return membersOf(text, start)
    .filter(member => member.key === key)
    .at(-1);
}

/** Walks down object keys from the outermost value. */
export function valueAt(text: string, path: readonly string[]): Span | undefined {
  const start = rootStart(text);
  let span: Span | undefined = { start, end: skipValue(text, start) };
  for (const key of path) {
    span = span && memberOf(text, span.start, key)?.value;
  }
  return span;
}

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters as an editor counts them. */
  readonly column: number;
}

export const placeOf = (text: string, offset: number): Place => placesIn(text)(offset);

/** For many places of one text: the lines are counted once. */
export function placesIn(text: string): (offset: number) => Place {
  const starts = [text.charCodeAt(0) === 0xfeff ? 1 : 0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return offset => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: Math.max(0, offset - (starts[low] as number)) + 1 };
  };
}

/** Applies replacements that do not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const splice of [...splices].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < at) throw new Error('splices overlap');
    parts.push(text.slice(at, splice.start), splice.text);
    at = splice.end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** How the file is laid out: its line ends, and one step of indentation (`null`: all on one line). */
export function styleOf(text: string): JsonStyle {
  const start = rootStart(text);
  const first = /^[\s]*/.exec(text.slice(start + 1))?.[0] ?? '';
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (!first.includes('\n')) {
    // An empty object says nothing; a full one on one line says it all.
    return { newline, unit: text[start + 1 + first.length] === '}' ? ' ' : null };
  }
  const unit = first.slice(first.lastIndexOf('\n') + 1);
  return { newline, unit: unit === '' ? ' ' : unit };
}

/** White space at the beginning of the line that `at` is on. */
export function indentAt(text: string, at: number): string {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, at))?.[0] ?? '';
}

export interface NewMember {
  readonly key: string;
  /** The value's text, made for a line indented by `indent`. */
  readonly value: (indent: string) => string;
}

/**
 * Puts a member into an object: before the first key that sorts after it (`sorted`, as notebooks are kept), after the
 * member named `after`, or at the end. The neighbours' layout is continued.
 */
export function insertMember(
  text: string,
  object: Span,
  member: NewMember,
  where: { readonly sorted: true } | { readonly after?: string } = {},
): Splice {
  const style = styleOf(text);
  const members = membersOf(text, object.start);
  const first = members[0];
  const entry = (indent: string) => `${JSON.stringify(member.key)}: ${member.value(indent)}`;
  if (first === undefined) {
    const outer = indentAt(text, object.start);
    if (style.unit === null) return { ...object, text: `{${entry(outer)}}` };
    const inner = outer + style.unit;
    return { ...object, text: `{${style.newline}${inner}${entry(inner)}${style.newline}${outer}}` };
  }
  const lead = text.slice(object.start + 1, first.start);
  const indent = indentAt(text, first.start);
  const index =
    'sorted' in where
      ? members.findIndex(other => other.key > member.key)
      : members.findIndex(other => other.key === where.after) + 1;
  const next = 'sorted' in where ? members[index] : index > 0 ? members[index] : undefined;
  if (next !== undefined) {
    const gap = next === first ? lead || ' ' : text.slice(text.lastIndexOf(',', next.start) + 1, next.start);
    return { start: next.start, end: next.start, text: `${entry(indent)},${gap}` };
  }
  const last = members[members.length - 1] as Member;
  const gap = lead.includes('\n') ? lead : members.length > 1 ? gapBefore(text, last) : ' ';
  return { start: last.value.end, end: last.value.end, text: `,${gap}${entry(indent)}` };
}

function gapBefore(text: string, member: Member): string {
  return text.slice(text.lastIndexOf(',', member.start) + 1, member.start);
}

/** Takes a member out together with the comma and the white space that belong to it. */
export function removeMember(text: string, object: Span, key: string): Splice | undefined {
  const members = membersOf(text, object.start);
  return removeEntry(
    members.map(member => ({ start: member.start, end: member.value.end })),
    members.map(member => member.key).lastIndexOf(key),
    object,
  );
}

/** Takes one of the entries of an object or array out. */
export function removeEntry(entries: readonly Span[], index: number, container: Span): Splice | undefined {
  const entry = entries[index];
  if (entry === undefined) return undefined;
  const previous = entries[index - 1];
  const next = entries[index + 1];
  if (previous !== undefined) return { start: previous.end, end: entry.end, text: '' };
  if (next !== undefined) return { start: entry.start, end: next.start, text: '' };
  return { start: container.start + 1, end: container.end - 1, text: '' };
}

/** Replaces the value at a path of object keys, making the objects that are missing. */
export function setValue(text: string, path: readonly string[], value: unknown): string {
  const style = styleOf(text);
  let object = valueAt(text, []) as Span;
  for (const [depth, key] of path.entries()) {
    const member = memberOf(text, object.start, key);
    const isLast = depth === path.length - 1;
    if (member === undefined || (!isLast && text[member.value.start] !== '{')) {
      const rest = path.slice(depth + 1).reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
      if (member === undefined) {
        const added = { key, value: (indent: string) => formatJson(rest, style, indent) };
        return applySplices(text, [insertMember(text, object, added, { sorted: true })]);
      }
      return applySplices(text, [
        { ...member.value, text: formatJson(rest, style, indentAt(text, member.start)) },
      ]);
    }
    if (isLast) {
      return applySplices(text, [
        { ...member.value, text: formatJson(value, style, indentAt(text, member.start)) },
      ]);
    }
    object = member.value;
  }
  return text;
}
