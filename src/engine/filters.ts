/** Which names a block hands on under its filter. */
import type { Filter } from '../protocol/dagFile.js';
import type { Component, Trace, Withheld } from '../protocol/trace.js';
import { inputNames } from './inputNames.js';

/** What `!command` leaves in a session: nobody's variable, so only code that names it gets it. */
export const EXIT_CODE = '_exit_code';

export type NameTest = (name: string) => boolean;

/** Names and globs: `*` any run, `?` one character, `[a-c]` and `[!a-c]` classes; everything else stands for itself. */
export function globTest(patterns: readonly string[]): NameTest {
  const literal = new Set<string>();
  const globs: RegExp[] = [];
  for (const pattern of patterns) {
    const glob = /[*?[]/.test(pattern) ? compile(pattern) : undefined;
    if (glob === undefined) literal.add(pattern);
    else globs.push(glob);
  }
  return name => literal.has(name) || globs.some(glob => glob.test(name));
}

/** `undefined` for a class such as `[z-a]` that means nothing: the pattern then stands for itself. */
function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^${globSource(pattern)}$`, 'su');
  } catch {
    return undefined;
  }
}

function globSource(pattern: string): string {
  let source = '';
  for (let place = 0; place < pattern.length; place += 1) {
    const character = pattern[place]!;
    const end = character === '[' ? pattern.indexOf(']', place + 2) : -1;
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (end > 0) {
      const negated = pattern[place + 1] === '!';
      const members = pattern.slice(place + (negated ? 2 : 1), end).replace(/[\\\]^[]/g, '\\$&');
      source += `[${negated ? '^' : ''}${members}]`;
      place = end;
    } else source += character.replace(/[\\^$.|+()[\]{}/]/g, '\\$&');
  }
  return source;
}

/** Which names the filter asks for, whatever the block turns out to define. */
export function filterTest(filter: Filter): NameTest {
  switch (filter.kind) {
    case 'auto':
      return () => true;
    case 'names':
      return globTest(filter.patterns);
    case 'off':
      return () => false;
  }
}

/**
 * Whether children may see a stored name now. A trace can have been made under another filter: what was hidden then
 * shows under `auto`, except components that came in and did not change, which `auto` would not have exported either.
 */
export function isVisible(
  trace: Trace,
  component: Component,
  name: string,
  filter: Filter,
  accepts: NameTest,
): boolean {
  if (!accepts(name)) return false;
  if (filter.kind === 'names' || component.hidden.length === 0 || !component.hidden.includes(name))
    return true;
  return !trace.ingredients.inputs.some(input => input.component === component.digest);
}

/** What `firstUnserved` needs to know of a block as it is declared now. */
export interface ExportRequest {
  readonly filter: Filter;
  readonly accepts: NameTest;
  /** Names that children read; `null`: any. Only asked where something was withheld. */
  readonly wanted: () => readonly string[] | null;
  /** Names handed to the sessions of replayed ancestors, which the block has too. */
  readonly replayed: () => readonly string[];
  /** Names that the block's own code deletes, so that not storing them is no lack. */
  readonly deletes: () => readonly string[];
}

/** The first name that is asked for now and that a run under the current filter would store, and the trace lacks. */
export function firstUnserved(trace: Trace, request: ExportRequest): string | undefined {
  if (request.filter.kind === 'off') return undefined;
  for (const withheld of trace.withheld) {
    if (request.accepts(withheld.name) && isLacking(withheld, request)) return withheld.name;
  }
  return request.filter.kind === 'names' ? firstUnstoredInput(trace, request) : undefined;
}

function isLacking(withheld: Withheld, request: ExportRequest): boolean {
  switch (withheld.why) {
    case 'opaque':
      // Running again would not store it either.
      return false;
    case 'filter':
      return true;
    case 'size': {
      if (request.filter.kind === 'names') return true;
      const wanted = request.wanted();
      return wanted === null || wanted.includes(withheld.name);
    }
  }
}

/** An unchanged input is exported again only where a list of names asks for it, which the trace may not have known. */
function firstUnstoredInput(trace: Trace, request: ExportRequest): string | undefined {
  const isLacked = (name: string) =>
    request.accepts(name) &&
    !trace.exports.some(component => component.names.includes(name)) &&
    !trace.withheld.some(withheld => withheld.name === name) &&
    !request.deletes().includes(name);
  return inputNames(trace).find(isLacked) ?? request.replayed().find(isLacked);
}
