/** What may stand where the cursor is, for completion in shells. */
import { flagOf, type ArgumentSpec, type OptionSpec } from './spec.js';
import {
  commandNames,
  globalOptions,
  groups,
  isCommand,
  isGroup,
  specOf,
  type CommandName,
} from './table.js';

/** What a project offers; asked only where it is needed. */
export interface Offers {
  blocks(): readonly Candidate[];
  /** Names of project parameters. */
  parameters(): readonly string[];
  /** `key=value` of all tags. */
  tags(): readonly string[];
  /** Variables that a block hands on. */
  exports(block: string): readonly Candidate[];
}

export interface Candidate {
  readonly word: string;
  readonly summary: string;
}

/** What an argument of this name stands for; of others nothing is known, so shells offer files. */
const ARGUMENTS: Readonly<Record<string, 'blocks' | 'targets' | 'exports' | 'shells'>> = {
  id: 'blocks',
  parent: 'blocks',
  child: 'blocks',
  other: 'blocks',
  ids: 'targets',
  targets: 'targets',
  name: 'exports',
  shell: 'shells',
};
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

type Options = Readonly<Record<string, OptionSpec>>;

/**
 * @param before words between the name of the program and the one that is being typed
 * @param current what is typed of it so far
 * @returns none where files are as good as anything
 */
export function complete(before: readonly string[], current: string, offers: Offers): readonly Candidate[] {
  return candidatesFor(before, current, offers).filter(({ word }) => word.startsWith(current));
}

function candidatesFor(before: readonly string[], current: string, offers: Offers): readonly Candidate[] {
  const { command, group, options, words, waiting } = read(before);
  if (waiting !== undefined) return valuesOf(waiting.name, waiting.option, current, offers);
  const inline = /^--([^=]+)=/.exec(current);
  if (inline !== null) {
    const [start = '', flag = ''] = inline;
    const found = Object.entries(options).find(([name]) => flagOf(name) === flag);
    if (found === undefined) return [];
    return valuesOf(found[0], found[1], current.slice(start.length), offers).map(each => ({
      ...each,
      word: start + each.word,
    }));
  }
  if (current.startsWith('-')) return flags(options);
  if (group !== undefined && command === undefined)
    return commandNames
      .filter(name => name.startsWith(`${group} `))
      .map(name => ({ word: name.slice(group.length + 1), summary: specOf(name).summary }));
  if (command === undefined) return words.length === 0 ? topLevel() : [];
  return argumentsOf(specOf(command).arguments, words, offers);
}

interface Position {
  readonly command: CommandName | undefined;
  readonly group: string | undefined;
  readonly options: Options;
  /** Arguments that stand there already. */
  readonly words: readonly string[];
  /** The option whose value comes next. */
  readonly waiting: { readonly name: string; readonly option: OptionSpec } | undefined;
}

function read(before: readonly string[]): Position {
  let command: CommandName | undefined;
  let group: string | undefined;
  let options: Options = globalOptions;
  let waiting: Position['waiting'];
  const words: string[] = [];
  for (const word of before) {
    if (waiting !== undefined) {
      waiting = undefined;
      continue;
    }
    if (word.startsWith('-') && word !== '-') {
      const found = Object.entries(options).find(
        ([name, { short }]) => word === `--${flagOf(name)}` || (short !== undefined && word === `-${short}`),
      );
      if (found !== undefined && found[1].kind !== 'flag') waiting = { name: found[0], option: found[1] };
      continue;
    }
    if (command === undefined) {
      const name = group === undefined ? word : `${group} ${word}`;
      if (isCommand(name)) command = name;
      else if (group === undefined && isGroup(word)) group = word;
      else if (group === undefined) return { command, group, options, words: [...words, word], waiting };
      if (command !== undefined) options = { ...specOf(command).options, ...globalOptions };
      continue;
    }
    words.push(word);
  }
  return { command, group, options, words, waiting };
}

const topLevel = (): readonly Candidate[] => [
  ...commandNames
    .filter(name => !name.includes(' '))
    .map(name => ({ word: name, summary: specOf(name).summary })),
  ...Object.entries(groups).map(([word, { summary }]) => ({ word, summary })),
];

const flags = (options: Options): readonly Candidate[] =>
  Object.entries(options).map(([name, { summary }]) => ({ word: `--${flagOf(name)}`, summary }));

function argumentsOf(
  specs: readonly ArgumentSpec[],
  words: readonly string[],
  offers: Offers,
): readonly Candidate[] {
  const last = specs.at(-1);
  const spec = specs[words.length] ?? (last?.takes === 'many' || last?.takes === 'some' ? last : undefined);
  switch (spec === undefined ? undefined : ARGUMENTS[spec.name]) {
    case 'blocks':
      return offers.blocks();
    case 'targets':
      return [
        { word: 'affected', summary: 'what a change affects' },
        { word: 'all', summary: 'every block' },
        ...offers.blocks(),
      ].filter(({ word }) => !words.includes(word));
    case 'exports':
      return words[0] === undefined ? [] : offers.exports(words[0]);
    case 'shells':
      return SHELLS.map(word => ({ word, summary: '' }));
    case undefined:
      return [];
  }
}

function valuesOf(name: string, option: OptionSpec, current: string, offers: Offers): readonly Candidate[] {
  if (option.kind === 'choice') return option.choices.map(word => ({ word, summary: '' }));
  if (name === 'parents') {
    const done = current.slice(0, current.lastIndexOf(',') + 1);
    return offers.blocks().map(({ word, summary }) => ({ word: done + word, summary }));
  }
  if (name === 'parameter')
    return offers.parameters().map(word => ({ word: `${word}=`, summary: 'parameter' }));
  if (name === 'tag') return offers.tags().map(word => ({ word, summary: 'tag' }));
  return [];
}
