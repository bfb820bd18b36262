import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../src/protocol/nearest.js';
import { parseCommandLine } from '../../src/cli/commandLine/parse.js';
import { perform, type Handlers } from '../../src/cli/program.js';

function callOf(line: string) {
  const parsed = parseCommandLine(line.split(' ').filter(word => word !== ''));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems[0]?.message);
  assert.equal(parsed.value.kind, 'call');
  const { call, directory } = parsed.value as Extract<typeof parsed.value, { kind: 'call' }>;
  return { command: call.command, arguments: [...call.arguments], options: { ...call.options }, directory };
}

function problemsOf(line: string) {
  const parsed = parseCommandLine(line.split(' ').filter(word => word !== ''));
  assert.ok(!parsed.ok, `${line} should be refused`);
  for (const { code, message, remedy } of parsed.problems) {
    assert.equal(code, 'call');
    assert.doesNotMatch(`${message}${remedy}`, /\n/);
  }
  return parsed.problems.map(({ message, remedy }) => `${message}: ${remedy}`);
}

test('options of every kind, before and after the arguments', () => {
  assert.deepEqual(callOf('run a -j 4 --force b -p x=1 --parameter y=a=b --tag k=v --json --dry-run'), {
    command: 'run',
    arguments: [['a', 'b']],
    options: { jobs: 4, force: true, parameter: ['x=1', 'y=a=b'], tag: ['k=v'], json: true, dryRun: true },
    directory: undefined,
  });
  assert.deepEqual(callOf('run -j4 --jobs=8').options, { parameter: [], tag: [], jobs: 8 });
  assert.deepEqual(callOf('split a.ipynb --by tag -o out').options, { by: 'tag', output: 'out' });
  assert.deepEqual(callOf('add c --parents a,,b --cells 3-7').options, { parents: ['a', 'b'], cells: '3-7' });
  assert.deepEqual(callOf('link a b').options, { use: [] });
  assert.deepEqual(callOf('init').arguments, [undefined]);
  assert.deepEqual(callOf('filter a df stats_*').arguments, ['a', ['df', 'stats_*']]);
});

test('targets are words, whatever signs they carry', () => {
  for (const target of ['k+', '+k', '(k)+', '+(k)', 'affected', 'all']) {
    assert.deepEqual(callOf(`run ${target} --force`).arguments, [[target]]);
  }
});

test('after -- nothing is an option', () => {
  assert.deepEqual(callOf('run --force -- --only -x').arguments, [['--only', '-x']]);
  assert.deepEqual(callOf('value -- a -b').arguments, ['a', '-b']);
});

test('-C stands before or after the command, the later one counts', () => {
  for (const line of [
    '-C dir status',
    'status -C dir',
    '--directory=dir status',
    '-Cdir status',
    '-C other status -C dir',
  ]) {
    assert.equal(callOf(line).directory, 'dir', line);
  }
  assert.deepEqual(callOf('-C run status').directory, 'run');
});

test('cache lists where nothing else is said', () => {
  assert.equal(callOf('cache').command, 'cache list');
  assert.deepEqual(callOf('cache --json'), {
    command: 'cache list',
    arguments: [undefined],
    options: { json: true },
    directory: undefined,
  });
  assert.deepEqual(callOf('cache gc --all').options, { all: true });
  assert.equal(callOf('-C dir cache verify').command, 'cache verify');
});

test('help and version are asked for in every place, and win over what is wrong', () => {
  const topicOf = (line: string) => {
    const parsed = parseCommandLine(line.split(' ').filter(word => word !== ''));
    return parsed.ok && parsed.value.kind === 'help' ? (parsed.value.topic ?? 'all') : parsed;
  };
  assert.equal(topicOf('--help'), 'all');
  assert.equal(topicOf('-h'), 'all');
  assert.equal(topicOf('--help run'), 'run');
  assert.equal(topicOf('run --help --bogus'), 'run');
  assert.equal(topicOf('link -h'), 'link');
  assert.equal(topicOf('cache --help'), 'cache');
  assert.equal(topicOf('cache gc --help'), 'cache gc');
  for (const line of ['--version', '-V', 'run --version']) {
    assert.deepEqual(parseCommandLine(line.split(' ')), { ok: true, value: { kind: 'version' } });
  }
  assert.deepEqual(parseCommandLine([]), {
    ok: true,
    value: { kind: 'help', topic: undefined, missing: true },
  });
});

test('a call that is wrong is told in one line what to do', () => {
  assert.deepEqual(problemsOf('rnu'), [
    'there is no command "rnu": did you mean "dagpy run"? "dagpy --help" lists the commands',
  ]);
  assert.deepEqual(problemsOf('frobnicate'), [
    'there is no command "frobnicate": "dagpy --help" lists the commands',
  ]);
  assert.deepEqual(problemsOf('cache clea'), [
    'there is no command "cache clea": did you mean "dagpy cache clear"? "dagpy cache --help" lists the commands',
  ]);
  assert.deepEqual(problemsOf('status --jsno'), [
    'dagpy status has no option --jsno: did you mean --json? "dagpy status --help" lists its options',
  ]);
  assert.match(problemsOf('--json status')[0] ?? '', /^dagpy has no option --json: .*come after it$/);
  assert.deepEqual(problemsOf('link a'), [
    'dagpy link needs <child>: the form is: dagpy link [options] <parent> <child>',
  ]);
  assert.deepEqual(problemsOf('filter a'), [
    'dagpy filter needs <names>: the form is: dagpy filter <id> <names...>',
  ]);
  assert.deepEqual(problemsOf('status a'), [
    'dagpy status takes no further argument "a": the form is: dagpy status [options]',
  ]);
  assert.match(problemsOf('run -j')[0] ?? '', /^-j needs a value: write -j <n>/);
  assert.match(problemsOf('split a.ipynb -o --json')[0] ?? '', /^-o needs a value/);
  assert.match(
    problemsOf('split a.ipynb --by headings')[0] ?? '',
    /not one of heading, tag, cell: .* --by heading$/,
  );
  assert.match(problemsOf('status --json=yes')[0] ?? '', /^--json takes no value/);
  for (const count of ['0', '-1', '1.5', 'x', '1e3', ''])
    assert.equal(problemsOf(`run --jobs=${count}`).length, 1, count);
  assert.equal(problemsOf('run --only-this --jobs=0 -q').length, 3);
});

test('values that begin with a dash are given with =', () => {
  assert.deepEqual(callOf('link a b --use=-x').options, { use: ['-x'] });
  assert.deepEqual(callOf('add a --from -').options, { from: '-' });
});

test('names of objects are no commands', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) problemsOf(name);
  problemsOf('cache constructor');
  problemsOf('status --constructor');
});

test('a name is suggested only where it is near', () => {
  assert.equal(nearest('stauts', ['status', 'split']), 'status');
  assert.equal(nearest('ver', ['list', 'verify']), 'verify');
  assert.equal(nearest('x', ['run', 'why']), undefined);
  assert.equal(nearest('deploy', ['split', 'remove']), undefined);
});

test('each call reaches its handler', async () => {
  const reached: string[] = [];
  const handlers = new Proxy({} as Handlers, {
    get:
      (_, name) =>
      (...given: readonly unknown[]) => {
        reached.push(`${String(name)} ${JSON.stringify(given)}`);
        return Promise.resolve(0);
      },
  });
  for (const line of ['value a x', 'filter a x,y z', 'cache gc --all', 'run a+', 'cache clear']) {
    const parsed = parseCommandLine(line.split(' '));
    if (parsed.ok && parsed.value.kind === 'call') await perform(handlers, parsed.value.call);
  }
  assert.deepEqual(reached, [
    'value ["a","x",{}]',
    'filter ["a",["x","y","z"]]',
    'cacheCollect [{"all":true}]',
    'run [["a+"],{"parameter":[],"tag":[]}]',
    'cacheClear [{}]',
  ]);
});
