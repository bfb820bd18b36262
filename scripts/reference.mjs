// Writes docs/commands.md, the reference of the command line, from the table that the program itself reads.
// A test compares the two, so it is current wherever `npm test` passes.
//   node --import ./scripts/typescript.mjs scripts/reference.mjs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { flagOf } from '../src/cli/commandLine/spec.ts';
import { commandNames, globalOptions, specOf } from '../src/cli/commandLine/table.ts';
import { about, exitCodes, texts } from '../src/cli/commandLine/texts.ts';
import { usageOf } from '../src/cli/commandLine/usage.ts';
import { isMain, root } from './tools.mjs';

export const referenceFile = join(root, 'docs', 'commands.md');

const sentence = text => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const cell = text => text.replaceAll('|', '\\|');

function rows(head, all) {
  if (all.length === 0) return [];
  const lines = [head, head.map(() => '---'), ...all].map(row => `| ${row.map(cell).join(' | ')} |`);
  return [lines.join('\n')];
}

function optionRow([name, option]) {
  const short = option.short === undefined ? '' : `\`-${option.short}\` `;
  const choices = option.kind === 'choice' ? option.choices.join('|') : option.value;
  const value = option.kind === 'flag' ? '' : ` <${choices}>`;
  return [`${short}\`--${flagOf(name)}${value}\``, option.summary];
}

function section(name) {
  const spec = specOf(name);
  const { description, examples } = texts[name];
  const taken = spec.arguments.filter(({ summary }) => summary !== undefined);
  return [
    `## ${name}`,
    sentence(spec.summary),
    ['```text', usageOf(name), '```'].join('\n'),
    ...(description === undefined ? [] : [description]),
    ...rows(
      ['argument', 'meaning'],
      taken.map(argument => [`\`${argument.name}\``, argument.summary]),
    ),
    ...rows(['option', 'meaning'], Object.entries(spec.options).map(optionRow)),
    ['```sh', ...examples.map(({ call, does }) => `dagpy ${call}  # ${does}`), '```'].join('\n'),
  ].join('\n\n');
}

/** Text of the reference as it should stand in the repository. */
export async function referenceText() {
  const parts = [
    '# Commands of dagpy',
    `${about} This page is made from the program's own table by \`scripts/reference.mjs\`.`,
    'Every command works on the project of the nearest `dag.json` above the working folder, and understands:',
    ...rows(['option', 'meaning'], Object.entries(globalOptions).map(optionRow)),
    ...rows(
      ['exit code', 'means'],
      exitCodes.map(({ code, means }) => [String(code), means]),
    ),
    '`--json` prints exactly one JSON document on standard output; text for people goes to standard error. Colour is used on terminals only, and never where `NO_COLOR` is set.',
    ...commandNames.map(section),
  ];
  return format(`${parts.join('\n\n')}\n`, { parser: 'markdown', printWidth: 120, proseWrap: 'preserve' });
}

if (isMain(import.meta.url)) {
  writeFileSync(referenceFile, await referenceText());
}
