/** Checks of `dag.json` that look at more than one value. */
import type { Problem } from '../problem.js';
import type { JsonNode } from '../strictJson.js';
import { idProblem, variableProblem } from './names.js';
import { memberNodes, wordFor, type Path, type Places } from './places.js';
import { blockKeys, cacheKeys, edgeKeys, rootKeys } from './schema.js';

type Raw = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const entriesOf = (value: unknown): readonly [string, unknown][] =>
  isObject(value) ? Object.entries(value) : [];
const itemsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : [];

/** JSON readers keep one of two equal keys in silence; here a block would vanish. */
export function doubledKeys(tree: JsonNode, places: Places): Problem[] {
  const problems: Problem[] = [];
  const visit = (node: JsonNode, path: Path) => {
    const first = new Map<string, number>();
    for (const { key, keyNode, value } of memberNodes(node)) {
      const before = first.get(key);
      if (before === undefined) first.set(key, keyNode.offset);
      else {
        const isBlock = path.length === 1 && path[0] === 'blocks';
        const what = isBlock
          ? `block ${JSON.stringify(key)}`
          : `key ${JSON.stringify(key)} of ${wordFor(path)}`;
        const message = `the ${what} is there twice, first on line ${places.lineOf(before)}`;
        problems.push(
          places.at(
            keyNode.offset,
            isBlock ? 'dag-doubled-block' : 'dag-doubled-key',
            message,
            'rename one of them, or remove it',
          ),
        );
      }
      visit(value, [...path, key]);
    }
    if (node.type === 'array') node.children?.forEach((child, index) => visit(child, [...path, index]));
  };
  visit(tree, []);
  return problems;
}

/** Keys that nobody reads: kept, and most often a slip of the pen. */
export function unknownKeys(raw: Raw, places: Places): Problem[] {
  const warnings: Problem[] = [];
  const look = (value: unknown, known: readonly string[], path: Path) => {
    for (const [key] of entriesOf(value)) {
      if (known.includes(key)) continue;
      const message = `${path.length === 0 ? '' : `${wordFor(path)}: `}the key ${JSON.stringify(key)} is unknown and has no effect`;
      warnings.push(places.problemAtKey([...path, key], 'dag-unknown-key', message, suggestion(key, known)));
    }
  };
  look(raw, rootKeys, []);
  look(raw['cache'], cacheKeys, ['cache']);
  for (const [id, block] of entriesOf(raw['blocks'])) {
    look(block, blockKeys, ['blocks', id]);
    const parents = isObject(block) ? itemsOf(block['parents']) : [];
    parents.forEach((parent, index) => look(parent, edgeKeys, ['blocks', id, 'parents', index]));
  }
  return warnings;
}

function suggestion(key: string, known: readonly string[]): string {
  const near = known.find(
    name => name.toLowerCase() === key.toLowerCase() || `${name}s` === key || name === `${key}s`,
  );
  return near === undefined ? 'correct or remove it' : `write ${JSON.stringify(near)}`;
}

/** Keys that are names, and lists of values that may not be empty. */
export function nameProblems(raw: Raw, places: Places): Problem[] {
  const problems: Problem[] = [];
  const variables = (value: unknown, path: Path) => {
    for (const [key, item] of entriesOf(value)) {
      const wrong = variableProblem(key);
      if (wrong)
        problems.push(
          places.problemAtKey([...path, key], 'dag-name', `${wordFor([...path, key])} ${wrong}`, 'rename it'),
        );
      problems.push(...numberProblems([...path, key], item, places));
    }
  };
  variables(raw['parameters'], ['parameters']);
  for (const [id, block] of entriesOf(raw['blocks'])) {
    const path = ['blocks', id];
    const wrong = idProblem(id);
    if (wrong)
      problems.push(
        places.problemAtKey(
          path,
          'dag-name',
          `the block id ${JSON.stringify(id)} ${wrong}`,
          'rename the block',
        ),
      );
    if (!isObject(block)) continue;
    variables(block['each'], [...path, 'each']);
    for (const [name, values] of entriesOf(block['each'])) {
      if (itemsOf(values).length > 0) continue;
      problems.push(
        places.problem(
          [...path, 'each', name],
          'dag-type',
          `${wordFor([...path, 'each', name])} must be a list of values`,
          'write a list such as [1, 2]',
        ),
      );
    }
    itemsOf(block['parents']).forEach((parent, index) => {
      if (isObject(parent)) useProblems(parent['use'], [...path, 'parents', index, 'use'], places, problems);
    });
  }
  return problems;
}

function useProblems(use: unknown, path: Path, places: Places, problems: Problem[]): void {
  const here = new Set<string>();
  for (const [theirs, mine] of entriesOf(use)) {
    for (const name of [theirs, mine]) {
      const wrong = typeof name === 'string' ? variableProblem(name) : undefined;
      if (wrong)
        problems.push(
          places.problem(
            [...path, theirs],
            'dag-name',
            `${JSON.stringify(name)} in ${wordFor(path)} ${wrong}`,
            'write the name of a variable',
          ),
        );
    }
    if (typeof mine === 'string' && here.has(mine)) {
      problems.push(
        places.problem(
          [...path, theirs],
          'dag-name',
          `two names become ${JSON.stringify(mine)} in ${wordFor(path)}`,
          'give each its own name',
        ),
      );
    }
    if (typeof mine === 'string') here.add(mine);
  }
}

/** Numbers that a program would hand on changed. */
function numberProblems(path: Path, value: unknown, places: Places): Problem[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) =>
      numberProblems([...path, Array.isArray(value) ? Number(key) : key], item, places),
    );
  }
  if (typeof value !== 'number') return [];
  const tooLarge = Number.isInteger(value)
    ? !Number.isSafeInteger(value) && /^-?\d+$/.test(sourceOf(path, places))
    : !Number.isFinite(value);
  if (!tooLarge) return [];
  return [
    places.problem(
      path,
      'dag-number',
      `${wordFor(path)} is a number too large to be handed on exactly`,
      'write it as a string and convert it in the code',
    ),
  ];
}

/** JSON numbers have no type here, and Python's have: `1.0` would arrive as the integer 1 in silence. */
export function floatWarnings(raw: Raw, places: Places): Problem[] {
  const warnings: Problem[] = [];
  const visit = (value: unknown, path: Path) => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value))
        visit(item, [...path, Array.isArray(value) ? Number(key) : key]);
    }
    if (typeof value !== 'number' || !Number.isInteger(value) || /^-?\d+$/.test(sourceOf(path, places)))
      return;
    const message = `${wordFor(path)} arrives in Python as the integer ${value}`;
    warnings.push(
      places.problem(path, 'dag-float', message, 'write float(...) in the code where the difference matters'),
    );
  };
  visit(raw['parameters'], ['parameters']);
  return warnings;
}

function sourceOf(path: Path, places: Places): string {
  const node = places.nodeAt(path);
  return node ? places.text.slice(node.offset, node.offset + node.length) : '';
}

/** What one block says about others. */
export function relationProblems(
  blockNodes: readonly { readonly key: string }[],
  blocks: Raw,
  raw: Raw,
  places: Places,
): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set(blockNodes.map(({ key }) => key));
  const known = (id: unknown, path: Path) => {
    if (typeof id !== 'string' || ids.has(id)) return;
    const message = `${wordFor(path)} names the block ${JSON.stringify(id)}, which does not exist`;
    const near = [...ids].find(other => other.toLowerCase() === id.toLowerCase());
    const some = [...ids].slice(0, 10).join(', ');
    const remedy =
      near !== undefined
        ? `write ${JSON.stringify(near)}`
        : ids.size === 0
          ? 'add the block'
          : `add the block, or name one of: ${some}`;
    problems.push(places.problem(path, 'dag-unknown-block', message, remedy));
  };
  const notebooks = new Map<string, string>();
  for (const id of ids) {
    const block = blocks[id];
    if (!isObject(block)) continue;
    const path = ['blocks', id];
    problems.push(...sourceProblems(block, path, places), ...sameNotebook(block, id, notebooks, places));
    const parents = new Set<unknown>();
    itemsOf(block['parents']).forEach((parent, index) => {
      const name = isObject(parent) ? parent['block'] : parent;
      known(name, [...path, 'parents', index, ...(isObject(parent) ? ['block'] : [])]);
      if (parents.has(name)) {
        problems.push(
          places.problem(
            [...path, 'parents', index],
            'dag-doubled-parent',
            `block ${JSON.stringify(id)} names its parent ${JSON.stringify(name)} twice`,
            'name it once, with one "use"',
          ),
        );
      }
      parents.add(name);
    });
    itemsOf(block['after']).forEach((name, index) => known(name, [...path, 'after', index]));
  }
  if (raw['prelude'] !== undefined) known(raw['prelude'], ['prelude']);
  return problems;
}

function sourceProblems(block: Raw, path: Path, places: Places): Problem[] {
  const given = ['notebook', 'module', 'command'].filter(key => block[key] !== undefined);
  if (given.length === 1) return [];
  if (given.length === 0) {
    return [
      places.problem(
        path,
        'dag-missing-field',
        `${wordFor(path)} has no "notebook"`,
        'add "notebook": a path such as "load.ipynb"',
      ),
    ];
  }
  return [
    places.problem(
      [...path, given[1] as string],
      'dag-type',
      `${wordFor(path)} has ${given.join(' and ')}`,
      'keep one of them',
    ),
  ];
}

function sameNotebook(block: Raw, id: string, notebooks: Map<string, string>, places: Places): Problem[] {
  const notebook = block['notebook'];
  if (typeof notebook !== 'string') return [];
  const name = notebook.normalize('NFC');
  const other = notebooks.get(name);
  if (other === undefined) {
    notebooks.set(name, id);
    return [];
  }
  const message = `blocks ${JSON.stringify(other)} and ${JSON.stringify(id)} have the same notebook ${JSON.stringify(notebook)}`;
  return [
    places.problem(
      ['blocks', id, 'notebook'],
      'dag-same-notebook',
      message,
      'copy the notebook, and name the copy in one of the blocks',
    ),
  ];
}
