/** Values that a project file and the attribute lines of a flow notebook have in common. */
import { insidePathProblem } from '../dagFileCodec/names.js';
import type { Problem } from '../problem.js';
import type { FormerPlace } from './types.js';

/** What is wrong with a value, and what to do. */
export interface Fault {
  readonly message: string;
  readonly remedy: string;
}

const LONGEST_NAME = 200;
const LONGEST_DESCRIPTION = 100_000;

// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
// eslint-disable-next-line no-control-regex
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Names of blocks and variables: anything that fits on a line. */
export function nameFault(name: string): Fault | undefined {
  if (name.trim() === '') return { message: 'is empty', remedy: 'write a name' };
  if (name.length > LONGEST_NAME)
    return { message: `is longer than ${LONGEST_NAME} characters`, remedy: 'shorten it' };
  if (CONTROL.test(name)) return { message: 'contains a control character', remedy: 'take it out' };
  return undefined;
}

export function descriptionFault(text: string): Fault | undefined {
  if (text.length > LONGEST_DESCRIPTION)
    return { message: `is longer than ${LONGEST_DESCRIPTION} characters`, remedy: 'shorten it' };
  if (CONTROL_BUT_LINES.test(text)) return { message: 'contains a control character', remedy: 'take it out' };
  return undefined;
}

/** Written on Windows too: either slash, and `./` in front. */
export function shortestPath(path: string): string {
  const slashed = path.replaceAll('\\', '/');
  const parts = slashed.split('/').filter((part, index) => part !== '.' && (part !== '' || index === 0));
  return parts.join('/');
}

/** Notebooks are read, so a path may lead nowhere but below the folder of the project file. */
export function fileFault(path: string): Fault | undefined {
  const problem = insidePathProblem(path);
  if (problem === undefined) return undefined;
  return { message: problem, remedy: 'name a notebook in the folder of the project file, or below' };
}

/** Names between commas and white space, as flow notebooks list them. */
export const wordsOf = (text: string): readonly string[] => text.split(/[,\s]+/).filter(word => word !== '');

export const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** A problem at a place. @param what the subject of the sentence */
export function problemAt(place: FormerPlace, code: string, what: string, fault: Fault): Problem {
  return { code, message: `${what} ${fault.message}`, ...place, remedy: fault.remedy };
}
