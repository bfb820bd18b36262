/** What JupyterLab does to a notebook that a person edits and saves, and notebooks as odd as editors leave them. */
import fc from 'fast-check';
import { formatJson } from '../../../src/protocol/jsonFormat.js';

export interface LabCell {
  id?: string;
  cell_type: 'code' | 'markdown' | 'raw';
  metadata: Record<string, unknown>;
  source: string | string[];
  outputs?: unknown[];
  execution_count?: number | null;
  attachments?: Record<string, unknown>;
}

export interface LabNotebook {
  cells: LabCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

export const sourceOf = ({ source }: LabCell): string =>
  typeof source === 'string' ? source : source.join('');

/** Everything through JavaScript's numbers, keys sorted, one space, sources as lists of lines. */
export function labSave(text: string, change: (notebook: LabNotebook) => void = () => undefined): string {
  const notebook = JSON.parse(text.replace(/^\ufeff/, '')) as LabNotebook;
  change(notebook);
  for (const cell of notebook.cells) {
    cell.source = sourceOf(cell).match(/[^\n]*\n|[^\n]+/g) ?? [];
    if (cell.attachments !== undefined && Object.keys(cell.attachments).length === 0) delete cell.attachments;
  }
  return `${formatJson(JSON.parse(JSON.stringify(notebook)), { newline: '\n', unit: ' ' })}\n`;
}

let count = 0;
export const newId = (): string => `lab${String((count += 1))}`;

export interface LabEdit {
  readonly kind: 'edit' | 'delete' | 'insert' | 'move' | 'split' | 'merge' | 'paste' | 'type' | 'tag' | 'run';
  readonly at: number;
  readonly to: number;
  /** A split keeps the cell's id for its first half, or gives new ones to both, as versions of JupyterLab differ. */
  readonly keepsId: boolean;
}

export const labEdit: fc.Arbitrary<LabEdit> = fc.record({
  kind: fc.constantFrom('edit', 'delete', 'insert', 'move', 'split', 'merge', 'paste', 'type', 'tag', 'run'),
  at: fc.nat(30),
  to: fc.nat(30),
  keepsId: fc.boolean(),
});

const isHeader = (cell: LabCell): boolean => /^## Block:/.test(sourceOf(cell));

/** One action of a person. @param mark unique text that what they write contains */
export function apply(notebook: LabNotebook, { kind, at, to, keepsId }: LabEdit, mark: string): void {
  const { cells } = notebook;
  const ids = notebook.nbformat_minor >= 5;
  const withId = (cell: LabCell): LabCell => (ids ? { ...cell, id: newId() } : cell);
  const editable = cells.filter(cell => !isHeader(cell));
  if (kind === 'insert' || editable.length === 0) {
    const place = Math.min(cells.length, 1 + (to % (cells.length + 1)));
    const cell = { cell_type: 'code' as const, metadata: {}, source: `${mark} = 1\n# more` };
    cells.splice(place, 0, withId({ ...cell, outputs: [], execution_count: null }));
    return;
  }
  const cell = editable[at % editable.length]!;
  const index = cells.indexOf(cell);
  const copy = (source: string): LabCell => withId({ ...structuredClone(cell), source });
  switch (kind) {
    case 'edit':
      cell.source = `${sourceOf(cell)}\n# ${mark}`;
      break;
    case 'delete':
      cells.splice(index, 1);
      break;
    case 'move': {
      cells.splice(index, 1);
      cells.splice(Math.min(cells.length, 1 + (to % (cells.length + 1))), 0, cell);
      break;
    }
    case 'split': {
      const source = sourceOf(cell);
      const half = source.length >> 1;
      const first = keepsId ? { ...cell, source: source.slice(0, half) } : copy(source.slice(0, half));
      cells.splice(index, 1, first, copy(source.slice(half)));
      break;
    }
    case 'merge': {
      const next = cells[index + 1];
      if (next === undefined || isHeader(next) || /block:/i.test(sourceOf(next))) break;
      cell.source = `${sourceOf(cell)}\n${sourceOf(next)}`;
      cell.attachments = { ...cell.attachments, ...next.attachments };
      cells.splice(index + 1, 1);
      break;
    }
    case 'paste':
      cells.splice(
        Math.min(cells.length, 1 + (to % (cells.length + 1))),
        0,
        copy(`${sourceOf(cell)}\n# ${mark}`),
      );
      break;
    case 'type': {
      // A comment that would become a header.
      if (/block:/i.test(sourceOf(cell))) break;
      cell.cell_type = cell.cell_type === 'code' ? 'markdown' : 'code';
      cell.source = `${sourceOf(cell)}\n# ${mark}`;
      if (cell.cell_type === 'code') Object.assign(cell, { outputs: [], execution_count: null });
      else {
        delete cell.outputs;
        delete cell.execution_count;
      }
      break;
    }
    case 'tag':
      cell.metadata = { ...cell.metadata, tags: [mark] };
      break;
    case 'run':
      if (cell.cell_type !== 'code') break;
      cell.outputs = [{ output_type: 'stream', name: 'stdout', text: [`out of ${mark}\n`] }];
      cell.execution_count = at + 1;
      cell.metadata = { ...cell.metadata, execution: { 'shell.execute_reply': mark } };
      break;
  }
}

// ---------------------------------------------------------------------------------------------- odd notebooks

/** JSON text of a value that no program would write so. */
const oddNumber = fc.constantFrom('1.0', '12345678901234567890', '-0.0', '1e5', '0.10', '3', '-2.50');
const oddValue: fc.Arbitrary<string> = fc.oneof(
  oddNumber,
  fc.constantFrom(
    '"\\u00e9"',
    '"é\\/"',
    'true',
    'null',
    '[ ]',
    '{ }',
    '[1.0,  2]',
    '{"z": 1.0, "a" : [2.0]}',
  ),
);
const oddObject = (keys: readonly string[]): fc.Arbitrary<string> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...keys), oddValue), { selector: ([key]) => key, maxLength: 3 })
    .map(entries => `{${entries.map(([key, value]) => `"${key}" : ${value}`).join(',  ')}}`);

const word = fc.constantFrom('alpha', 'beta = 1', 'é = "\\u2028"', 'x\ty', 'print(1)', '');
const source: fc.Arbitrary<string> = fc
  .tuple(fc.array(word, { maxLength: 3 }), fc.boolean())
  .map(([words, isList]) =>
    isList
      ? `[${words.map((each, at) => JSON.stringify(at < words.length - 1 ? `${each}\n` : each)).join(' , ')}]`
      : JSON.stringify(words.join('\n')),
  );
const output = fc.oneof(
  fc.constantFrom(
    '{"output_type":"stream","name":"stdout","text":["a\\n","b"]}',
    '{"name":"stderr","output_type":"stream","text":"warn"}',
    '{"output_type":"error","ename":"E","evalue":"v","traceback":["t1","t2"]}',
  ),
  oddObject(['k', 'b']).map(
    metadata =>
      `{"data": {"text/plain":["1.0"],"application/json":{"v":1.0,"n":-0.0}}, "metadata":${metadata},"output_type":"display_data"}`,
  ),
);

/** A cell's members as texts, in any order, some doubled or unknown. */
function cellText(id: string | null): fc.Arbitrary<string> {
  return fc
    .record({
      type: fc.constantFrom('code', 'markdown', 'raw'),
      source,
      metadata: oddObject(['tags', 'zeta', 'alpha', 'collapsed', 'trusted', '10', '9']),
      outputs: fc.array(output, { maxLength: 2 }),
      attachments: fc.constantFrom('{"a.png": {"image/png": "AAAA"}}', '{}', null),
      extra: fc.option(oddValue),
      shuffle: fc.array(fc.nat(9), { minLength: 8, maxLength: 8 }),
    })
    .map(({ type, source: text, metadata, outputs, attachments, extra, shuffle }) => {
      const members = [
        `"cell_type": "${type}"`,
        `"metadata":${metadata}`,
        `"source": ${type === 'markdown' && shuffle[7] === 0 ? '"# Block: prose"' : text}`,
        ...(id === null ? [] : [`"id":"${id}"`]),
        ...(type === 'code' ? [`"outputs": [${outputs.join(' ,')}]`, '"execution_count": null'] : []),
        ...(type !== 'code' && attachments !== null ? [`"attachments": ${attachments}`] : []),
        ...(extra === null ? [] : [`"unknown_key": ${extra}`]),
      ];
      const ordered = members.map((member, at) => [shuffle[at] ?? 0, member] as const);
      return `{${ordered
        .sort(([a], [b]) => a - b)
        .map(([, member]) => member)
        .join(', ')}}`;
    });
}

/**
 * @param prefix of cell ids; the same for two notebooks: their ids are doubled across blocks
 * @param minors of nbformat 4; those before 5 have no cell ids
 */
export function oddNotebook(
  prefix: string,
  uid: string | null,
  minors: readonly number[] = [2, 4, 5, 5, 5],
): fc.Arbitrary<string> {
  return fc
    .record({
      size: fc.nat(4),
      minor: fc.constantFrom(...minors),
      newline: fc.constantFrom('\n', '\r\n'),
      bom: fc.constantFrom('', '', '\ufeff'),
      unit: fc.constantFrom(' ', '  ', '\t', null),
      metadata: oddObject(['kernelspec_', 'zz', 'authors']),
      end: fc.constantFrom('\n', ''),
    })
    .chain(({ size, minor, newline, bom, unit, metadata, end }) =>
      fc
        .tuple(
          ...Array.from({ length: size }, (_, at) => cellText(minor >= 5 ? `${prefix}${String(at)}` : null)),
        )
        .map(cells => {
          const nl = unit === null ? '' : newline + unit;
          const inner = unit === null ? '' : newline + unit + unit;
          const list = cells.length === 0 ? '[]' : `[${inner}${(cells as string[]).join(`,${inner}`)}${nl}]`;
          const dagpy = uid === null ? '' : `"dagpy": {"uid": "${uid}"}`;
          const own = metadata.slice(1, -1);
          const all = `{${[own, dagpy].filter(part => part !== '').join(', ')}}`;
          const close = unit === null ? '' : newline;
          return `${bom}{${nl}"nbformat_minor": ${String(minor)},${nl}"cells": ${list},${nl}"metadata": ${all},${nl}"nbformat": 4${close}}${end}`;
        }),
    );
}
