/** Help as text: of the whole program, of a group, of a command. */
import { flagOf, type Example, type OptionSpec } from './spec.js';
import { globalOptions, groups, isCommand, specOf, type CommandName, type GroupName } from './table.js';
import { about, examples, exitCodes, texts } from './texts.js';
import { formOf, groupForm, listed, membersOf, usageOf } from './usage.js';

type Row = readonly [term: string, meaning: string];

export function helpText(topic: CommandName | GroupName | undefined): string {
  if (topic === undefined) return programHelp();
  return isCommand(topic) ? commandHelp(topic) : groupHelp(topic);
}

function programHelp(): string {
  return sections(
    'Usage: dagpy [-C <dir>] <command> [arguments]',
    about,
    rows(
      'Commands',
      listed().map(({ form, summary }) => [form, summary]),
    ),
    rows('Options', optionRows(globalOptions)),
    exampleRows(examples),
    exits(),
    '"dagpy <command> --help" explains a command.',
  );
}

function groupHelp(group: GroupName): string {
  const members = membersOf(group);
  return sections(
    `Usage: dagpy ${groupForm(group)}`,
    sentence(`${groups[group].summary}; alone: ${groups[group].otherwise}`),
    rows(
      'Commands',
      members.map(name => [formOf(name), specOf(name).summary]),
    ),
    rows('Options', optionRows(globalOptions)),
    exits(),
  );
}

function commandHelp(command: CommandName): string {
  const spec = specOf(command);
  const { description, examples: own } = texts[command];
  const explained = spec.arguments.flatMap(({ name, summary }): Row[] =>
    summary === undefined ? [] : [[name, summary]],
  );
  return sections(
    `Usage: ${usageOf(command)}`,
    description ?? sentence(spec.summary),
    rows('Arguments', explained),
    rows('Options', [...optionRows(spec.options), ...optionRows(globalOptions)]),
    exampleRows(own),
    exits(),
  );
}

const sections = (...parts: readonly string[]): string =>
  `${parts.filter(part => part !== '').join('\n\n')}\n`;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Terms in one column, meanings in the next. */
function rows(title: string, all: readonly Row[]): string {
  if (all.length === 0) return '';
  const width = Math.max(...all.map(([term]) => term.length));
  return [`${title}:`, ...all.map(([term, meaning]) => `  ${term.padEnd(width)}  ${meaning}`)].join('\n');
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): readonly Row[] {
  return Object.entries(options).map(([name, option]): Row => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value =
      option.kind === 'flag'
        ? ''
        : ` <${option.kind === 'choice' ? option.choices.join('|') : option.value}>`;
    return [`${short}--${flagOf(name)}${value}`, option.summary];
  });
}

const exampleRows = (all: readonly Example[]): string =>
  rows(
    'Examples',
    all.map(({ call, does }) => [`dagpy ${call}`, does]),
  );

const exits = (): string =>
  `Exit codes: ${exitCodes.map(({ code, means }) => `${code} ${means}`).join(' · ')}`;
