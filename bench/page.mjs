// The page docs/benchmarks.md: tables between comments are written anew, rows and tables that were not measured stay.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { rewritePart, tableRow } from '../scripts/writtenPart.mjs';
import { root } from '../scripts/tools.mjs';
import { scenarios } from './scenarios.mjs';

export const page = join(root, 'docs', 'benchmarks.md');

const TARGETS = ['what', 'target', 'measured', 'met', 'on'];
const REMARKS = ['what', 'measured', 'on'];

const today = () => new Date().toISOString().slice(0, 10);

/** @param {import('./rows.mjs').Row} row @param {string} on */
function cellsOf({ what, target, measured, met }, on) {
  return target === '' ? [what, measured, on] : [what, target, measured, met ? 'yes' : '**no**', on];
}

const firstCell = line => line.split('|')[1]?.trim() ?? '';

/** Old rows in their order with new ones in the place of those of the same name; further ones at the end. */
function merged(before, head, rows) {
  const on = today();
  const fresh = new Map(rows.map(row => [row.what, tableRow(cellsOf(row, on))]));
  const old = before.filter(line => line.startsWith('| ')).slice(2);
  const kept = old.map(line => fresh.get(firstCell(line)) ?? line);
  const names = new Set(old.map(firstCell));
  const added = [...fresh].filter(([what]) => !names.has(what)).map(([, line]) => line);
  const lines = [...kept, ...added];
  return lines.length === 0 ? before : table(head, lines);
}

const table = (head, lines) => [tableRow(head), tableRow(head.map(() => '---')), ...lines];

/** @param {readonly import('./rows.mjs').Row[]} rows */
const split = rows => ({
  targets: rows.filter(({ target }) => target !== ''),
  remarks: rows.filter(({ target }) => target === ''),
});

/** What has to be known of the machine and of the moment. @param {number} rounds */
export function circumstances(rounds) {
  const memory = `${Math.round(totalmem() / 1e9)} GB`;
  const load = loadavg()[2].toFixed(1);
  return `${today()}, ${cpus().length} cores, ${memory}, ${rounds} round${rounds === 1 ? '' : 's'}, average load at the end ${load}`;
}

/** @param {readonly import('./rows.mjs').Row[]} rows */
export function printRows(rows) {
  const { targets, remarks } = split(rows);
  const lines = (head, some) =>
    table(
      head,
      some.map(each => tableRow(cellsOf(each, today()))),
    );
  if (targets.length > 0) console.log(`${lines(TARGETS, targets).join('\n')}\n`);
  if (remarks.length > 0) console.log(`${lines(REMARKS, remarks).join('\n')}\n`);
}

/** @param {readonly import('./rows.mjs').Row[]} rows */
export function writeRows(rows) {
  const { targets, remarks } = split(rows);
  rewritePart(page, 'targets', before => merged(before, TARGETS, targets));
  rewritePart(page, 'remarks', before => merged(before, REMARKS, remarks));
}

/** @param {import('./workloads/block.mjs').Workload} workload @param {readonly string[]} lines of its table @param {number} rounds */
export const writeWorkload = ({ name, about }, lines, rounds) =>
  rewritePart(page, name, () => [
    '',
    `${about[0].toUpperCase()}${about.slice(1)}. ${circumstances(rounds)}.`,
    '',
    ...lines,
    '',
  ]);

/** What is the same whatever was measured. @param {readonly import('./peers/index.mjs').Tool[]} tools */
export function writeTools(tools) {
  rewritePart(page, 'scenarios', () => scenarios.map(({ name, about }) => `- *${name}*: ${about}`));
  rewritePart(page, 'tools', () => [
    ...tools.map(({ name, about }) => `- **${name}**: ${about}`),
    '',
    'Versions:',
    '',
    ...versions(tools).map(line => `    ${line}`),
  ]);
}

/** Pinned packages, each once. @param {readonly import('./peers/index.mjs').Tool[]} tools */
function versions(tools) {
  const files = ['common', ...new Set(tools.map(({ environment }) => environment))];
  const lines = files.flatMap(name =>
    readFileSync(join(root, 'bench', 'peers', 'requirements', `${name}.txt`), 'utf8').split('\n'),
  );
  return [...new Set(lines.filter(line => line.includes('==')))].sort();
}

/** Makes sure that the page can be read and written before hours of measuring begin. */
export const checkPage = () => writeFileSync(page, readFileSync(page));
