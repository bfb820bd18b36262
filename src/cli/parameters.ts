/** `-p name=value`: typed by the default in `dag.json`, undeclared ones refused. */
import type { Json } from '../protocol/dagFile.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';

export function parametersOf(
  defaults: ReadonlyMap<string, Json>,
  given: readonly string[],
): Result<ReadonlyMap<string, Json>> {
  const values = new Map(defaults);
  const problems: Problem[] = [];
  for (const text of given) {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    const declared = defaults.get(name);
    if (at <= 0)
      problems.push({
        code: 'parameter',
        message: `-p ${text}: a parameter is given as name=value`,
        remedy: 'for instance -p year=2024',
      });
    else if (declared === undefined) {
      const known = [...defaults.keys()].join(', ');
      problems.push({
        code: 'parameter-undeclared',
        message: `the project has no parameter ${name}`,
        file: 'dag.json',
        remedy:
          known === ''
            ? 'declare it with its default under "parameters"'
            : `declare it under "parameters", or use one of: ${known}`,
      });
    } else {
      const value = typed(declared, text.slice(at + 1));
      if (value === undefined) {
        problems.push({
          code: 'parameter-type',
          message: `-p ${text}: ${name} is ${kindOf(declared)} in dag.json`,
          file: 'dag.json',
          remedy: `give ${kindOf(declared)}, such as ${JSON.stringify(declared)}`,
        });
      } else values.set(name, value);
    }
  }
  return problems.length > 0 ? failure(...problems) : success(values);
}

/** @param given as `name=value`, each of them checked */
export const namesGiven = (given: readonly string[]): readonly string[] =>
  given.map(text => text.slice(0, text.indexOf('=')));

/** Of all values those that the call gives, by name. */
export const valuesGiven = (
  values: ReadonlyMap<string, Json>,
  given: readonly string[],
): Readonly<Record<string, Json>> =>
  Object.fromEntries(namesGiven(given).map(name => [name, values.get(name) ?? null]));

/** Values that are given as JSON, over the defaults. */
export function withValues(
  defaults: ReadonlyMap<string, Json>,
  given: Readonly<Record<string, Json>>,
): Result<ReadonlyMap<string, Json>> {
  return parametersOf(
    defaults,
    Object.entries(given).map(
      ([name, value]) =>
        `${name}=${typeof defaults.get(name) === 'string' && typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  );
}

/** The text as a value of the default's kind; `undefined`: it is none. */
function typed(declared: Json, text: string): Json | undefined {
  if (typeof declared === 'string') return text;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (declared === null) return value;
  return kindOf(value) === kindOf(declared) ? value : undefined;
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'boolean':
      return 'true or false';
    case 'number':
      return 'a number';
    case 'string':
      return 'a text';
    default:
      return 'an object';
  }
}
