import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText } from '../../src/cli/commandLine/help.js';
import { parseCommandLine } from '../../src/cli/commandLine/parse.js';
import { flagOf } from '../../src/cli/commandLine/spec.js';
import { commandNames, globalOptions, specOf } from '../../src/cli/commandLine/table.js';
import { examples, texts } from '../../src/cli/commandLine/texts.js';

test('the overview names every command, an example and the exit codes', () => {
  const text = helpText(undefined);
  assert.match(text, /^Usage: dagpy /);
  for (const name of commandNames) assert.match(text, new RegExp(`^ {2}${name.split(' ')[0] ?? ''}\\b`, 'm'));
  assert.match(text, /Examples:\n {2}dagpy /);
  assert.match(text, /Exit codes: 0 good · 1 a block failed · 2 .* · 130 interrupted/);
});

test("a command's help names its arguments and options", () => {
  for (const name of commandNames) {
    const text = helpText(name);
    const { arguments: taken, options } = specOf(name);
    assert.match(text, new RegExp(`^Usage: dagpy ${name}`));
    for (const argument of taken) assert.match(text.split('\n')[0] ?? '', new RegExp(`[<[]${argument.name}`));
    for (const option of Object.keys({ ...options, ...globalOptions }))
      assert.match(text, new RegExp(`--${flagOf(option)}\\b`));
  }
  assert.match(helpText('cache'), /cache list.*\n.*cache gc/);
  assert.match(helpText('split'), /--by <heading\|tag\|cell>/);
});

test('lines fit a terminal', () => {
  for (const topic of [undefined, 'cache', ...commandNames] as const) {
    for (const line of helpText(topic).split('\n')) assert.ok(line.length <= 120, line);
  }
});

test('every example is a call that is understood', () => {
  const all = [...examples, ...commandNames.flatMap(name => texts[name].examples)];
  for (const { call } of all) {
    // What shells do with the output is none of ours.
    const words = call
      .replace(/ >>? .*/, '')
      .replaceAll("'", '')
      .split(' ');
    const parsed = parseCommandLine(words);
    assert.ok(parsed.ok && parsed.value.kind === 'call', call);
  }
});

test('no letter stands for two options of a command', () => {
  for (const name of commandNames) {
    const all = Object.values({ ...specOf(name).options, ...globalOptions });
    const letters = all.flatMap(({ short }) => (short === undefined ? [] : [short]));
    assert.equal(new Set(letters).size, letters.length, name);
  }
});
