/**
 * Declared files: `*`, `?`, `[a-z]`, `{a,b}` within a name, `**` for any folders between. The same matches on every
 * system and version of Node: names that begin with a dot only where the pattern says the dot, links to folders not
 * followed by `**`, `.dagpy` never, sorted by code unit.
 */
import type { Dirent } from 'node:fs';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { byCodeUnit } from '../protocol/ids.js';

const MAGIC = /[*?[\]{}]/;

/**
 * Paths of files as the pattern writes them: relative to the project, or absolute. A pattern without wildcards always
 * gives itself, so that the absence of the file counts too; a folder stands for all files below it.
 */
export function expandGlob(project: string, pattern: string): readonly string[] {
  const found = new Set<string>();
  const normal = pattern
    .replaceAll('\\', '/')
    .replace(/^(\.\/+)+/, '')
    .replace(/(.)\/+$/, '$1');
  for (const alternative of braces(normal)) {
    const absolute = resolve(project, alternative);
    const kind = kindOf(absolute);
    if (!MAGIC.test(alternative) || kind === 'file') found.add(alternative);
    if (kind === 'folder') walk(absolute, `${alternative}/`, ['**', '*'], found);
    if (MAGIC.test(alternative)) {
      const segments = alternative.split('/');
      const literal = segments.findIndex(segment => MAGIC.test(segment));
      const prefix = segments
        .slice(0, literal)
        .map(segment => `${segment}/`)
        .join('');
      walk(resolve(project, prefix === '' ? '.' : prefix), prefix, segments.slice(literal), found);
    }
  }
  return [...found].sort(byCodeUnit);
}

/** `a{b,c}d` → `abd`, `acd`; nested ones too. A brace without comma or end stands for itself. */
function braces(pattern: string): readonly string[] {
  const match = /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  const [whole, inside = ''] = match;
  const before = pattern.slice(0, match.index);
  const after = pattern.slice(match.index + whole.length);
  return inside.split(',').flatMap(choice => braces(`${before}${choice}${after}`));
}

function walk(folder: string, shown: string, segments: readonly string[], found: Set<string>): void {
  const [segment = '', ...others] = segments;
  if (segment === '**') {
    walk(folder, shown, others.length === 0 ? ['*'] : others, found);
    for (const entry of entriesOf(folder)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) {
        walk(join(folder, entry.name), `${shown}${entry.name}/`, segments, found);
      }
    }
    return;
  }
  const matches = MAGIC.test(segment) ? expressionOf(segment) : undefined;
  const names =
    matches === undefined
      ? [segment]
      : entriesOf(folder)
          .map(({ name }) => name)
          .filter(name => matches.test(name));
  for (const name of names) {
    if (name === '.dagpy') continue;
    const path = join(folder, name);
    const kind = kindOf(path);
    if (others.length > 0 && kind === 'folder') walk(path, `${shown}${name}/`, others, found);
    if (others.length === 0 && kind === 'file') found.add(`${shown}${name}`);
  }
}

/** One name of a path. A leading wildcard does not match a leading dot. */
function expressionOf(segment: string): RegExp {
  let source = segment.startsWith('.') ? '' : '(?!\\.)';
  for (let index = 0; index < segment.length; index++) {
    const character = segment.charAt(index);
    const set = character === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(segment.slice(index)) : null;
    if (set !== null) {
      const [whole, negated = '', members = ''] = set;
      source += `[${negated === '' ? '' : '^'}${members.replaceAll(/[\\\]^[]/g, '\\$&')}]`;
      index += whole.length - 1;
    } else if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else source += character.replaceAll(/[.+^${}()|[\]\\/]/g, '\\$&');
  }
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    // A set such as [z-a]: nothing is in it.
    return /(?!)/;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function kindOf(path: string): 'file' | 'folder' | 'absent' {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? 'folder' : 'file';
  } catch {
    return 'absent';
  }
}
