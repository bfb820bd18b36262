/** From words to a call: which command, with which arguments and options, or what is wrong with them. */
import { parseArgs } from 'node:util';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { nearest } from '../../protocol/nearest.js';
import { flagOf, type ArgumentsOf, type CommandSpec, type OptionSpec, type OptionsOf } from './spec.js';
import {
  commandNames,
  globalOptions,
  groups,
  isCommand,
  isFormer,
  isGroup,
  specOf,
  type commands,
  type CommandName,
  type FormerName,
  type GroupName,
} from './table.js';
import { usageOf } from './usage.js';

type Commands = typeof commands;

export interface CallOf<Name extends CommandName> {
  readonly command: Name;
  readonly arguments: ArgumentsOf<Commands[Name]['arguments']>;
  readonly options: OptionsOf<Commands[Name]['options']>;
}
export type Call = { readonly [Name in CommandName]: CallOf<Name> }[CommandName];

export type Invocation =
  | { readonly kind: 'version' }
  /** `missing`: nothing was asked for, so it is not an answer. */
  | { readonly kind: 'help'; readonly topic: CommandName | GroupName | undefined; readonly missing: boolean }
  /** A command of the original dagpy, with the words after it. */
  | { readonly kind: 'former'; readonly command: FormerName; readonly words: readonly string[] }
  /** `directory`, of `-C`: where to look for the project; absent: the current folder. */
  | { readonly kind: 'call'; readonly call: Call; readonly directory: string | undefined };

export const commaList = (text: string): readonly string[] =>
  text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');

type Options = Readonly<Record<string, OptionSpec>>;
type Value = string | number | boolean | readonly string[];

/** @param words what follows the name of the program */
export function parseCommandLine(words: readonly string[]): Result<Invocation> {
  const start = commandAt(words);
  const before = readOptions(words.slice(0, start), globalOptions, 'dagpy');
  if (before.help) return success({ kind: 'help', topic: topicOf(words.slice(start)), missing: false });
  if (before.version) return success({ kind: 'version' });
  if (before.problems.length > 0) return failure(...before.problems);
  const first = words[start];
  if (first === undefined) return success({ kind: 'help', topic: undefined, missing: true });

  if (isFormer(first)) return success({ kind: 'former', command: first, words: words.slice(start + 1) });
  const named = commandOf(first, words.slice(start + 1));
  if (!named.ok) return named;
  const { command, rest } = named.value;
  const spec = specOf(command);
  const read = readOptions(rest, { ...spec.options, ...globalOptions }, `dagpy ${command}`);
  if (read.help) return success({ kind: 'help', topic: topicOf(words.slice(start)), missing: false });
  if (read.version) return success({ kind: 'version' });
  const taken = takeArguments(command, spec, read.words);
  const problems = [...read.problems, ...(taken.ok ? [] : taken.problems)];
  if (!taken.ok || problems.length > 0) return failure(...problems);
  const { directory = before.values['directory'], ...given } = read.values;
  const repeated = Object.entries(spec.options).flatMap(([name, { kind }]) =>
    kind === 'repeated' ? [[name, []] as const] : [],
  );
  // The table says which fields these are; the types of a call are derived from the same table.
  const call = {
    command,
    arguments: taken.value,
    options: { ...Object.fromEntries(repeated), ...given },
  } as unknown as Call;
  return success({ kind: 'call', call, directory: directory as string | undefined });
}

/** Where the name of the command stands: the first word that is neither an option nor the value of one. */
function commandAt(words: readonly string[]): number {
  return tokensOf(words, globalOptions).find(token => token.kind === 'positional')?.index ?? words.length;
}

function topicOf([first, second]: readonly string[]): CommandName | GroupName | undefined {
  const both = `${first ?? ''} ${second ?? ''}`;
  if (isCommand(both)) return both;
  return first !== undefined && (isCommand(first) || isGroup(first)) ? first : undefined;
}

function commandOf(
  first: string,
  rest: readonly string[],
): Result<{ readonly command: CommandName; readonly rest: readonly string[] }> {
  if (isGroup(first)) {
    const [second] = rest;
    if (second === undefined || second.startsWith('-'))
      return success({ command: groups[first].otherwise, rest });
    const command = `${first} ${second}`;
    if (isCommand(command)) return success({ command, rest: rest.slice(1) });
    const known = commandNames.filter(name => name.startsWith(`${first} `));
    return failure(unknownCommand(command, known, `dagpy ${first} --help`));
  }
  if (isCommand(first)) return success({ command: first, rest });
  const known = [...commandNames.filter(name => !name.includes(' ')), ...Object.keys(groups)];
  return failure(unknownCommand(first, known, 'dagpy --help'));
}

function unknownCommand(given: string, known: readonly string[], help: string): Problem {
  const meant = nearest(given, known);
  return wrong(
    `there is no command ${JSON.stringify(given)}`,
    `${meant === undefined ? '' : `did you mean "dagpy ${meant}"? `}"${help}" lists the commands`,
  );
}

const wrong = (message: string, remedy: string): Problem => ({ code: 'call', message, remedy });

function tokensOf(words: readonly string[], options: Options) {
  const known = Object.entries(options).map(([name, { kind, short }]) => {
    const type = kind === 'flag' ? ('boolean' as const) : ('string' as const);
    return [flagOf(name), { type, ...(short === undefined ? {} : { short }) }] as const;
  });
  // Not strict: what is wrong is found below, and told in our own words.
  return parseArgs({
    args: [...words],
    options: Object.fromEntries(known),
    allowPositionals: true,
    strict: false,
    tokens: true,
  }).tokens;
}

interface Read {
  readonly values: Readonly<Record<string, Value>>;
  readonly words: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
  readonly problems: readonly Problem[];
}

function readOptions(words: readonly string[], options: Options, caller: string): Read {
  const names = new Map(Object.keys(options).map(name => [flagOf(name), name]));
  const values: Record<string, Value> = {};
  const others: string[] = [];
  const problems: Problem[] = [];
  for (const token of tokensOf(words, options)) {
    if (token.kind === 'positional') others.push(token.value);
    if (token.kind !== 'option') continue;
    const name = names.get(token.name);
    const option = name === undefined ? undefined : options[name];
    if (name === undefined || option === undefined) {
      problems.push(unknownOption(token.rawName, options, caller));
      continue;
    }
    const read = readValue(option, token.rawName, token.value, token.inlineValue === true, values[name]);
    if (read.ok) values[name] = read.value;
    else problems.push(...read.problems);
  }
  const { help, version, ...rest } = values;
  return { values: rest, words: others, help: help === true, version: version === true, problems };
}

function unknownOption(given: string, options: Options, caller: string): Problem {
  const known = Object.keys(options).map(name => `--${flagOf(name)}`);
  const meant = given.startsWith('--') ? nearest(given, known) : undefined;
  return wrong(
    `${caller} has no option ${given}`,
    `${meant === undefined ? '' : `did you mean ${meant}? `}"${caller} --help" lists its options${caller === 'dagpy' ? '; those of a command come after it' : ''}`,
  );
}

function readValue(
  option: OptionSpec,
  flag: string,
  text: string | undefined,
  isInline: boolean,
  before: Value | undefined,
): Result<Value> {
  if (option.kind === 'flag') {
    return text === undefined
      ? success(true)
      : failure(wrong(`${flag} takes no value`, `write ${flag} alone`));
  }
  // `--output --json`: the second is an option, not a folder of that name.
  if (text === undefined || (!isInline && text.startsWith('-') && text !== '-')) {
    return failure(wrong(`${flag} needs a value`, `write ${flag} <${option.value}>: ${option.summary}`));
  }
  switch (option.kind) {
    case 'text':
      return success(text);
    case 'count': {
      const isCount = /^\d+$/.test(text) && Number(text) >= 1 && Number.isSafeInteger(Number(text));
      if (isCount) return success(Number(text));
      return failure(wrong(`${flag} ${text}: not a whole number from 1`, `for instance ${flag} 4`));
    }
    case 'choice': {
      if (option.choices.includes(text)) return success(text);
      const meant = nearest(text, option.choices) ?? option.choices[0] ?? '';
      return failure(
        wrong(`${flag} ${text}: not one of ${option.choices.join(', ')}`, `for instance ${flag} ${meant}`),
      );
    }
    case 'list':
      return success(commaList(text));
    case 'repeated':
      return success([...((before as readonly string[] | undefined) ?? []), text]);
  }
}

function takeArguments(
  command: CommandName,
  spec: CommandSpec,
  words: readonly string[],
): Result<readonly (string | undefined | readonly string[])[]> {
  const usage = `the form is: ${usageOf(command)}`;
  const taken: (string | undefined | readonly string[])[] = [];
  let left = words;
  for (const { name, takes } of spec.arguments) {
    const [first] = left;
    if (first === undefined && (takes === 'one' || takes === 'some')) {
      return failure(wrong(`dagpy ${command} needs <${name}>`, usage));
    }
    const takesAll = takes === 'some' || takes === 'many';
    taken.push(takesAll ? left : first);
    left = takesAll ? [] : left.slice(1);
  }
  if (left.length === 0) return success(taken);
  return failure(wrong(`dagpy ${command} takes no further argument ${JSON.stringify(left[0])}`, usage));
}
