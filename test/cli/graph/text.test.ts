import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';
import { showsUnicode, textLines, type Screen } from '../../../src/cli/graph/text.js';
import type { DrawnGraph } from '../../../src/dagLayout/index.js';
import { styleFor } from '../../../src/cli/terminal/style.js';
import { meshOf } from '../../dagLayout/graphs.js';
import { everyState, graphNamed, NAMES } from './example.js';

const plain: Screen = { style: styleFor({ isTTY: false }, {}), columns: undefined, unicode: true };
const shown = (graph: DrawnGraph, screen: Partial<Screen> = {}): string =>
  [...textLines(graph, { ...plain, ...screen })].join('');

function structure(names: string, ...pairs: readonly string[]): DrawnGraph {
  const ids = [...names];
  return {
    project: 'p',
    size: ids.length,
    nodes: ids.map(id => ({ id, state: null, reasons: [], prelude: false, seconds: null, bytes: null })),
    edges: pairs.map(([from, to]) => ({
      from: ids.indexOf(from!),
      to: ids.indexOf(to!),
      kind: 'values',
      session: false,
      variables: [],
    })),
  };
}

test('rails', () => {
  const diamond = structure('abcde', 'ab', 'ac', 'ad', 'bd', 'cd', 'de');
  assert.equal(shown(diamond), ['p  5 blocks', '● a', '├─● b', '├─│─● c', '●─┴─╯ d', '● e', ''].join('\n'));
  assert.equal(
    shown(diamond, { unicode: false }),
    ['p  5 blocks', '* a', '+-* b', '+-|-* c', "*-+-' d", '* e', ''].join('\n'),
  );
});

test('a rail that passes under another is not joined to it', () => {
  const crossing = structure('abcdef', 'ac', 'bd', 'ad', 'be', 'cf', 'ef', 'af');
  assert.equal(
    shown(crossing),
    ['p  6 blocks', '● a', '│ ● b', '├─│─● c', '├─┼─│─● d', '│ ● │ e', '●─┴─╯ f', ''].join('\n'),
  );
});

test('every state has a sign, and a word', () => {
  const lines = shown(everyState).split('\n');
  assert.match(lines[0]!, /^trial {2}1 never run · 1 fresh|^trial {2}1 fresh/);
  assert.match(shown(everyState), /◆ block_1 {2}stale · cell 2 changed/);
  assert.match(shown(everyState), /✓ block_0 {2}prelude {2}fresh · 1\.5 s/);
  // eslint-disable-next-line no-control-regex
  assert.match(shown(everyState, { unicode: false }), /^[\u0000-\u007f]*$/);
});

test('colour only where it is asked for', () => {
  assert.ok(!shown(everyState).includes('\u001b'));
  const coloured = shown(everyState, { style: styleFor({ isTTY: true }, {}) });
  assert.ok(coloured.includes('\u001b[33m◆'));
  assert.equal(stripVTControlCharacters(coloured), shown(everyState));
});

test('no line is wider than the terminal, and what is out of sight is said in words', () => {
  const graph = meshOf(300, 300);
  const wide: DrawnGraph = {
    project: 'wide',
    size: graph.size,
    nodes: Array.from({ length: graph.size }, (_, place) => ({
      id: `block_${String(place)}`,
      state: 'fresh',
      reasons: [],
      prelude: false,
      seconds: null,
      bytes: null,
    })),
    edges: graph.edges.map(edge => ({ ...edge, kind: 'values', session: false, variables: [] })),
  };
  for (const columns of [40, 80, 200]) {
    const lines = shown(wide, { columns }).trimEnd().split('\n');
    assert.equal(lines.length, 301);
    for (const line of lines) assert.ok([...line].length <= columns, line);
    assert.ok(lines.slice(1).every((line, place) => columns < 80 || line.includes(`block_${String(place)}`)));
  }
  assert.match(shown(wide, { columns: 120 }), /… ✓ block_\d+ {2}fresh {2}← block_\d+/);
});

test('names are no commands to the terminal', () => {
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(shown(graphNamed(NAMES)), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.equal(shown(graphNamed(NAMES)).split('\n').length, NAMES.length + 2);
});

test('the locale says what a terminal shows', () => {
  assert.equal(showsUnicode({ LANG: 'C.UTF-8' }, 'linux'), true);
  assert.equal(showsUnicode({ LANG: 'de_DE.utf8' }, 'linux'), true);
  assert.equal(showsUnicode({ LANG: 'C.UTF-8', LC_ALL: 'C' }, 'linux'), false);
  assert.equal(showsUnicode({ LANG: 'C.UTF-8', LC_ALL: '' }, 'linux'), true);
  assert.equal(showsUnicode({}, 'linux'), false);
  assert.equal(showsUnicode({}, 'darwin'), true);
});
