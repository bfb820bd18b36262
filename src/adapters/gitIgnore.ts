/** Keeps the cache of a new project out of git. */
import { join } from 'node:path';
import { success, type Result } from '../protocol/problem.js';
import { readTextFile, replaceTextFile } from './textFile.js';

const FILE = '.gitignore';
const ENTRY = '.dagpy/';
const LARGEST = 10_000_000;

/** Makes the file, or adds a line to the one that is there. */
export function ignoreInGit(project: string): Result<unknown> {
  const path = join(project, FILE);
  const read = readTextFile(path, FILE, LARGEST);
  if (!read.ok) {
    return read.problems[0]?.code === 'file-missing' ? replaceTextFile(path, `${ENTRY}\n`, null, FILE) : read;
  }
  const { text, stamp } = read.value;
  const known = text.split(/\r?\n/).some(line => line.trim().replace(/^\/|\/$/g, '') === '.dagpy');
  if (known) return success(undefined);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const separator = text === '' || text.endsWith('\n') ? '' : newline;
  return replaceTextFile(path, `${text}${separator}${ENTRY}${newline}`, stamp, FILE);
}
