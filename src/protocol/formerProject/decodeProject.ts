/**
 * Decodes a project file of the original dagpy, `{"id", "blocks": {ID: {"filter", "parents", "file", "description"}}}`.
 * The format has no version and was edited by hand, so every field is checked and may be missing.
 */
import { memberOf, membersOf, placesIn, rootStart, type Member, type Place } from '../jsonText.js';
import { failure, success, type Problem, type Result } from '../problem.js';
import { nestingOf, parseJson, syntaxProblems, tooDeep } from '../strictJson.js';
import type { FormerBlock, FormerFilter, FormerProject } from './types.js';
import {
  descriptionFault,
  fileFault,
  nameFault,
  problemAt,
  shortestPath,
  unique,
  wordsOf,
  type Fault,
} from './values.js';

const DEEPEST = 50;
const MOST_BLOCKS = 10_000;
/** One fault brings others along. */
const MOST_PROBLEMS = 20;

const BLOCK_FIELDS = ['filter', 'parents', 'file', 'description'] as const;
type Field = (typeof BLOCK_FIELDS)[number];

/** @param file how messages name it */
export function decodeFormerProject(text: string, file: string): Result<FormerProject> {
  if (nestingOf(text) > DEEPEST) return failure(tooDeep(file, DEEPEST));
  let raw: unknown;
  try {
    raw = parseJson(text);
  } catch {
    return failure(...syntaxProblems(text, file, DEEPEST));
  }
  const reader = new Reader(text, file);
  const project = reader.project(raw);
  if (reader.problems.length > 0) return failure(...reader.problems.slice(0, MOST_PROBLEMS));
  return success({ ...project, warnings: reader.warnings });
}

class Reader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #placeOf: (offset: number) => Place;

  constructor(
    readonly text: string,
    readonly file: string,
  ) {
    this.#placeOf = placesIn(text);
  }

  project(raw: unknown): Omit<FormerProject, 'warnings'> {
    const root = rootStart(this.text);
    const none = { blocks: [] };
    if (!isObject(raw)) return this.#wrong(root, 'the file', NOT_A_PROJECT) ?? none;
    if ('nbformat' in raw) return this.#wrong(root, 'the file', NOTEBOOK) ?? none;
    const blocks = raw['blocks'];
    if (!isObject(blocks)) {
      const place = memberOf(this.text, root, 'blocks')?.value.start ?? root;
      return this.#wrong(place, '"blocks"', NO_BLOCKS) ?? none;
    }
    const start = memberOf(this.text, root, 'blocks')?.value.start ?? root;
    // In the order of the file: that of an object's keys puts numbers first.
    const members = membersOf(this.text, start);
    if (members.length > MOST_BLOCKS) return this.#wrong(start, 'the project', TOO_MANY) ?? none;
    const seen = new Set<string>();
    const decoded: FormerBlock[] = [];
    for (const member of members) {
      const what = `the block ${JSON.stringify(member.key)}`;
      if (seen.has(member.key)) this.#wrong(member.start, what, DOUBLED);
      seen.add(member.key);
      const block = this.#block(member, blocks[member.key], what);
      if (block !== undefined) decoded.push(block);
    }
    for (const member of membersOf(this.text, root))
      if (member.key !== 'id' && member.key !== 'blocks') this.#leftOut(member, 'the project');
    return { ...this.#name(raw['id'], root), blocks: decoded };
  }

  #name(id: unknown, root: number): { readonly name?: string } {
    if (id === undefined || id === null || id === '') return {};
    const start = memberOf(this.text, root, 'id')?.value.start ?? root;
    const wrong = typeof id === 'string' ? nameFault(id) : TEXT;
    if (wrong !== undefined) return this.#wrong(start, '"id"', wrong) ?? {};
    return { name: String(id) };
  }

  #block(member: Member, raw: unknown, what: string): FormerBlock | undefined {
    const wrongId = nameFault(member.key);
    if (wrongId !== undefined)
      return this.#wrong(member.start, `the block id ${JSON.stringify(member.key)}`, wrongId);
    if (!isObject(raw)) return this.#wrong(member.value.start, what, OBJECT);
    const fields = new Map(membersOf(this.text, member.value.start).map(field => [field.key, field]));
    for (const field of fields.values())
      if (!(BLOCK_FIELDS as readonly string[]).includes(field.key)) this.#leftOut(field, what);
    const startOf = (name: Field) => fields.get(name)?.value.start ?? member.start;
    const read = (name: Field) => ({ value: raw[name], start: startOf(name), what: `"${name}" of ${what}` });
    return {
      id: member.key,
      parents: this.#names(read('parents')) ?? [],
      filter: this.#filter(read('filter')),
      file: this.#path(read('file'), member.key),
      description: this.#description(read('description')),
      place: { file: this.file, ...this.#placeOf(member.start) },
    };
  }

  #filter(field: Value): FormerFilter {
    // Documented, and never written by the original itself: people wrote it in one of these ways.
    const { value } = field;
    if (value === false || (typeof value === 'string' && value.trim().toLowerCase() === 'off'))
      return { kind: 'off' };
    return { kind: 'names', names: this.#names(field) ?? [] };
  }

  /** A list of names; the original took a missing one for an empty one. */
  #names({ value, start, what }: Value): readonly string[] | undefined {
    if (value === undefined || value === '') return [];
    if (value === null) {
      this.#warn(start, 'import-null', `${what} is null`, 'it is read as an empty list');
      return [];
    }
    let names = value;
    if (typeof value === 'string') {
      this.#warn(start, 'import-list', `${what} is text`, 'it is read as the list of the names in it');
      names = wordsOf(value);
    }
    if (!Array.isArray(names)) return this.#wrong(start, what, LIST);
    for (const name of names as readonly unknown[]) {
      const wrong = typeof name === 'string' ? nameFault(name) : TEXT;
      if (wrong !== undefined) return this.#wrong(start, `${JSON.stringify(name)} in ${what}`, wrong);
    }
    return unique((names as readonly string[]).map(name => name.trim()));
  }

  #path({ value, start, what }: Value, id: string): string {
    const isMissing = value === undefined || value === null || value === '';
    if (!isMissing && typeof value !== 'string') return this.#wrong(start, what, TEXT) ?? '';
    const path = shortestPath(isMissing ? `${id}.ipynb` : value);
    const wrong = fileFault(path);
    return wrong === undefined
      ? path
      : (this.#wrong(start, `${what}, ${JSON.stringify(path)},`, wrong) ?? '');
  }

  #description({ value, start, what }: Value): string {
    if (value === undefined || value === null) return '';
    const wrong = typeof value === 'string' ? descriptionFault(value) : TEXT;
    return wrong === undefined ? String(value) : (this.#wrong(start, what, wrong) ?? '');
  }

  #leftOut(member: Member, what: string): void {
    const name = JSON.stringify(member.key.slice(0, 100));
    this.#warn(
      member.start,
      'import-field',
      `${what} has ${name}, which dagpy did not know`,
      'it is not taken over',
    );
  }

  #warn(offset: number, code: string, message: string, remedy: string): void {
    this.warnings.push({ code, message, file: this.file, ...this.#placeOf(offset), remedy });
  }

  #wrong(offset: number, what: string, fault: Fault): undefined {
    const place = { file: this.file, ...this.#placeOf(offset) };
    this.problems.push(problemAt(place, 'former-project', what, fault));
    return undefined;
  }
}

interface Value {
  readonly value: unknown;
  readonly start: number;
  readonly what: string;
}

const FORM = '{"id": "churn", "blocks": {"A": {"filter": ["df"], "parents": [], "file": "A.ipynb"}}}';
const NOT_A_PROJECT: Fault = {
  message: 'is no project of the original dagpy',
  remedy: `name a file such as ${FORM}`,
};
const NOTEBOOK: Fault = {
  message: 'is a notebook, not a project file',
  remedy:
    'a flow notebook is imported under a name that ends in .ipynb; dagpy split takes any other notebook',
};
const NO_BLOCKS: Fault = { message: 'must be an object of blocks', remedy: `the form is: ${FORM}` };
const TOO_MANY: Fault = { message: `has more than ${MOST_BLOCKS} blocks`, remedy: 'import it in parts' };
const DOUBLED: Fault = { message: 'stands in the file twice', remedy: 'take one of them out' };
const OBJECT: Fault = {
  message: 'is not an object',
  remedy: 'write {"filter": [], "parents": [], "file": "A.ipynb"}',
};
const TEXT: Fault = { message: 'is not text', remedy: 'write it in double quotes' };
const LIST: Fault = { message: 'is not a list of names', remedy: 'write a list such as ["df", "model"]' };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
