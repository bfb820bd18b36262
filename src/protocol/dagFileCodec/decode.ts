/** `dag.json` from text: every problem at once, each with its place and what to do. */
import type { BlockDeclaration, DagFile, Filter, Json, ParentEdge } from '../dagFile.js';
import { blockId, type BlockId } from '../ids.js';
import type { Problem } from '../problem.js';
import { nestingOf, parseJson, parseStrict, syntaxProblems, tooDeep, type JsonNode } from '../strictJson.js';
import { issuesOf } from './jsonSchema.js';
import { bytesOf, secondsOf } from './names.js';
import { doubledKeys, floatWarnings, nameProblems, relationProblems, unknownKeys } from './relations.js';
import { dagFileSchema } from './schema.js';
import { createPlaces, memberNodes, wordFor, type Places } from './places.js';
import { unsupportedBlocks } from './unsupported.js';

/** Code units of the file; thousands of blocks need a few hundred kilobytes. */
export const LARGEST_DAG_FILE = 8_000_000;
/** Parameters and `each` are the only parts that nest at all. */
export const DEEPEST_DAG_FILE = 64;
export const MOST_BLOCKS = 20_000;

export interface DecodedDagFile {
  readonly dag: DagFile;
  readonly warnings: readonly Problem[];
  /** Blocks that are valid and that this version can not run, with the problem to report when one is to run. */
  readonly unsupported: ReadonlyMap<BlockId, Problem>;
}

export type DecodeResult =
  | { readonly ok: true; readonly value: DecodedDagFile }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

export interface DecodeOptions {
  /** As messages name the file. */
  readonly file?: string;
  /** Name of the project where the file gives none. */
  readonly defaultName?: string;
}

type Raw = Readonly<Record<string, unknown>>;

export function decodeDagFile(text: string, options: DecodeOptions = {}): DecodeResult {
  const file = options.file ?? 'dag.json';
  if (text.length > LARGEST_DAG_FILE) {
    return refused([
      {
        code: 'file-too-large',
        message: `the file has more than ${LARGEST_DAG_FILE} characters`,
        file,
        remedy: 'keep data in files of its own',
      },
    ]);
  }
  if (nestingOf(text) > DEEPEST_DAG_FILE) return refused([tooDeep(file, DEEPEST_DAG_FILE)]);
  let raw: Raw;
  try {
    raw = parseJson(text) as Raw;
  } catch {
    return refused(syntaxProblems(text, file, DEEPEST_DAG_FILE));
  }
  const { tree } = parseStrict(text);
  if (tree === undefined) throw new Error('jsonc-parser found nothing in valid JSON');
  const places = createPlaces(text, file, tree);

  const problems = [...doubledKeys(tree, places), ...shapeProblems(raw, places)];
  const blockNodes = tree.type === 'object' ? blockMembers(tree) : [];
  if (blockNodes.length > MOST_BLOCKS) {
    return refused([
      ...problems,
      places.problem(
        ['blocks'],
        'dag-too-large',
        `there are more than ${MOST_BLOCKS} blocks`,
        'split the project',
      ),
    ]);
  }
  const blocks = (isObject(raw) && isObject(raw['blocks']) ? raw['blocks'] : {}) as Raw;
  const warnings = isObject(raw) ? [...unknownKeys(raw, places), ...floatWarnings(raw, places)] : [];
  if (isObject(raw))
    for (const found of [nameProblems(raw, places), relationProblems(blockNodes, blocks, raw, places)])
      for (const problem of found) problems.push(problem);
  if (problems.length > 0)
    return {
      ok: false,
      problems: shortened(inOrder(problems), file),
      warnings: shortened(inOrder(warnings), file),
    };
  const dag = build(
    raw,
    blockNodes.map(({ key }) => [key, blocks[key] as Raw]),
    options.defaultName ?? 'project',
  );
  return {
    ok: true,
    value: { dag, warnings: inOrder(warnings), unsupported: unsupportedBlocks(blocks, dag, places) },
  };
}

const refused = (problems: readonly Problem[]): DecodeResult => ({ ok: false, problems, warnings: [] });

const isObject = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By place; what two checks say in the same words, once. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const distinct = new Map(
    problems.map(problem => [`${problem.line}:${problem.column} ${problem.message}`, problem]),
  );
  return [...distinct.values()].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/** Beyond this many nobody reads on. */
const MOST_PROBLEMS = 200;

function shortened(problems: readonly Problem[], file: string): readonly Problem[] {
  if (problems.length <= MOST_PROBLEMS) return problems;
  const more = problems.length - MOST_PROBLEMS;
  const rest = {
    code: 'more',
    message: `and ${more} more of the kind`,
    file,
    remedy: 'correct the first ones',
  };
  return [...problems.slice(0, MOST_PROBLEMS), rest];
}

/** Blocks in the order of the file, a doubled one once. */
function blockMembers(tree: JsonNode): { readonly key: string }[] {
  const blocks = memberNodes(tree)
    .filter(member => member.key === 'blocks')
    .at(-1)?.value;
  const keys = blocks ? memberNodes(blocks).map(member => member.key) : [];
  return [...new Set(keys)].map(key => ({ key }));
}

/** What does not agree with the schema, at the place of the value. */
function shapeProblems(raw: unknown, places: Places): Problem[] {
  return issuesOf(dagFileSchema, raw).map(({ path, kind, message }) => {
    const what = wordFor(path);
    if (kind === 'missing') {
      const key = String(path.at(-1));
      return places.problem(
        path.slice(0, -1),
        'dag-missing-field',
        `${wordFor(path.slice(0, -1))} has no "${key}"`,
        `add "${key}": ${REQUIRED[key] ?? message}`,
      );
    }
    const found = path.reduce<unknown>((value, key) => ownValue(value, key), raw);
    if (kind === 'rule') {
      return places.problem(path, codeFor(path), `${what} ${JSON.stringify(found)} ${message}`, 'correct it');
    }
    if (path.length === 1 && path[0] === 'version') {
      return places.problem(
        path,
        'dag-version',
        `the version ${JSON.stringify(found)} is unknown`,
        'this program knows version 1; upgrade jupyterlab-dagpy for newer ones',
      );
    }
    return places.problem(
      path,
      'dag-type',
      `${what} must be ${message}, not ${nameType(found)}`,
      `write ${message}`,
    );
  });
}

/** What to write for keys that must be there. */
const REQUIRED: Readonly<Record<string, string>> = {
  version: '1',
  blocks: 'an object of blocks, {} while there are none',
  block: 'the id of a block',
};

function ownValue(value: unknown, key: string | number): unknown {
  const holds = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  return holds ? (value as Readonly<Record<string | number, unknown>>)[key] : undefined;
}

function codeFor(path: readonly (string | number)[]): string {
  const key = path.at(-1);
  return key === 'notebook' || key === 'cwd' ? 'dag-path' : 'dag-name';
}

function nameType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `a ${typeof value}` : shown;
}

function build(raw: Raw, blocks: readonly (readonly [string, Raw])[], defaultName: string): DagFile {
  const cache = (raw['cache'] ?? {}) as Raw;
  const maxBytes = bytesOf(cache['maxBytes']);
  const externalTtl = secondsOf(raw['externalTtl']);
  return {
    version: 1,
    name: (raw['name'] as string | undefined) ?? defaultName,
    kernel: (raw['kernel'] as string | undefined) ?? 'python3',
    cache: {
      keep: (cache['keep'] as number | undefined) ?? 3,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    },
    parameters: mapOf<Json>(raw['parameters']),
    seed: raw['seed'] === undefined ? 0 : (raw['seed'] as number | null),
    ...(raw['prelude'] === undefined ? {} : { prelude: blockId(raw['prelude'] as string) }),
    ...(externalTtl === undefined ? {} : { externalTtl }),
    tags: mapOf<string>(raw['tags']),
    blocks: blocks.map(([id, block]) => buildBlock(id, block)),
  };
}

function buildBlock(id: string, raw: Raw): BlockDeclaration {
  const ttl = secondsOf(raw['ttl']);
  const timeout = secondsOf(raw['timeout']);
  const strings = (key: string) => (raw[key] ?? []) as readonly string[];
  return {
    id: blockId(id),
    notebook: (raw['notebook'] as string | undefined) ?? '',
    parents: ((raw['parents'] ?? []) as readonly unknown[]).map(edgeOf),
    filter: filterOf(raw['filter']),
    run: (raw['run'] as BlockDeclaration['run'] | undefined) ?? 'auto',
    ...(ttl === undefined ? {} : { ttl }),
    inputs: strings('inputs'),
    outputs: strings('outputs'),
    env: strings('env'),
    ...(raw['cwd'] === undefined ? {} : { cwd: raw['cwd'] as string }),
    after: strings('after').map(blockId),
    tags: mapOf<string>(raw['tags']),
    ...(timeout === undefined ? {} : { timeout }),
    retries: (raw['retries'] as number | undefined) ?? 0,
  };
}

function edgeOf(raw: unknown): ParentEdge {
  if (typeof raw === 'string') return { block: blockId(raw) };
  const edge = raw as Raw;
  const block = blockId(edge['block'] as string);
  return edge['use'] === undefined ? { block } : { block, use: mapOf<string>(edge['use']) };
}

function filterOf(raw: unknown): Filter {
  if (Array.isArray(raw)) return { kind: 'names', patterns: raw as readonly string[] };
  return { kind: raw === 'off' ? 'off' : 'auto' };
}

function mapOf<Value>(raw: unknown): ReadonlyMap<string, Value> {
  return new Map(Object.entries((raw ?? {}) as Readonly<Record<string, Value>>));
}
