/**
 * Decodes a delimiter cell of a flow notebook: each line that begins with `#` names an attribute, in any level and any
 * case, and the lines below it are its value. Lists may be parted by commas, spaces and new lines.
 */
import { failure, success, type Problem, type Result } from '../problem.js';
import type { FormerBlock, FormerPlace } from './types.js';
import {
  descriptionFault,
  fileFault,
  nameFault,
  problemAt,
  shortestPath,
  unique,
  wordsOf,
} from './values.js';

export interface DecodedDelimiter {
  readonly block: FormerBlock;
  readonly warnings: readonly Problem[];
}

const ATTRIBUTES = ['block_id', 'description', 'parents', 'filter', 'file'] as const;

/** @param known the id in the cell's metadata, which counts more than the one in its text: blocks were not renamed there */
export function decodeDelimiter(
  source: string,
  known: string | undefined,
  place: FormerPlace,
): Result<DecodedDelimiter> {
  const attributes = attributesOf(source);
  const written = (attributes.get('block_id') ?? []).join('').replace(/\s+/g, '');
  const id = known ?? written;
  if (id === '')
    return failure({
      code: 'former-flow',
      message: 'the delimiter cell names no block',
      ...place,
      remedy: 'write a name into the line below "### Block_id"',
    });
  const warnings: Problem[] = [];
  const warn = (code: string, message: string, remedy: string): void =>
    void warnings.push({ code, message, ...place, remedy });
  if (known !== undefined && written !== '' && written !== known)
    warn('import-id', `the cell calls the block ${written}, and its metadata ${known}`, `it stays ${known}`);
  for (const name of attributes.keys())
    if (!(ATTRIBUTES as readonly string[]).includes(name))
      warn(
        'import-field',
        `the delimiter cell has a heading ${JSON.stringify(name.slice(0, 100))}, which dagpy did not know`,
        'what stands below it is not taken over',
      );
  const filter = unique(wordsOf((attributes.get('filter') ?? []).join(' ')));
  const isOff = filter.length === 1 && filter[0]?.toLowerCase() === 'off';
  if (isOff) warn('import-off', `the filter of ${id} is the word "off"`, 'its whole session is handed on');
  const file = (attributes.get('file') ?? []).map(line => line.trim()).join('');
  const block: FormerBlock = {
    id,
    parents: unique(wordsOf((attributes.get('parents') ?? []).join(' '))),
    filter: isOff ? { kind: 'off' } : { kind: 'names', names: filter },
    file: shortestPath(file === '' ? `${id}.ipynb` : file),
    description: (attributes.get('description') ?? []).join('\n').trim(),
    place,
  };
  const problems = faultsOf(block);
  return problems.length > 0 ? failure(...problems) : success({ block, warnings });
}

function faultsOf(block: FormerBlock): readonly Problem[] {
  const what = `the block ${JSON.stringify(block.id)}`;
  const names = block.filter.kind === 'names' ? block.filter.names : [];
  return [
    { what: `the block id ${JSON.stringify(block.id)}`, fault: nameFault(block.id) },
    ...[...block.parents, ...names].map(name => ({
      what: `${JSON.stringify(name)} of ${what}`,
      fault: nameFault(name),
    })),
    { what: `the file ${JSON.stringify(block.file)} of ${what}`, fault: fileFault(block.file) },
    { what: `the description of ${what}`, fault: descriptionFault(block.description) },
  ].flatMap(({ what: subject, fault }) =>
    fault === undefined ? [] : [problemAt(block.place, 'former-flow', subject, fault)],
  );
}

/** Of an attribute that stands there twice, the last. */
function attributesOf(source: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of source.split(/\r\n|[\r\n]/)) {
    if (line.startsWith('#')) {
      lines = [];
      found.set(line.replace(/[#\s]+/g, '').toLowerCase(), lines);
    } else lines?.push(line);
  }
  return found;
}
