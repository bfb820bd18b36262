import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { zoomFor } from '../../../src/cli/graph/png.js';
import { drawSvg, graphReport, placed, STATES, type DrawnGraph } from '../../../src/dagLayout/index.js';
import { everyState, graphNamed, NAMES } from './example.js';
import { parseXml, textOf, walk, type Element } from './xml.js';

const drawn = (graph: DrawnGraph): Element => parseXml(drawSvg(placed(graph)).svg);
const withClass = (root: Element, name: string): Element[] =>
  [...walk(root)].filter(({ attributes }) => (attributes.get('class') ?? '').split(' ').includes(name));
const child = (element: Element, name: string): Element =>
  element.children.find((each): each is Element => typeof each !== 'string' && each.name === name)!;

test('every block shows its state as colour, shape and word', () => {
  const root = drawn(everyState);
  const blocks = withClass(root, 'block');
  assert.deepEqual(
    blocks.map(({ attributes }) => attributes.get('data-state')),
    STATES,
  );
  const style = textOf(child(root, 'style'));
  blocks.forEach((block, place) => {
    const state = STATES[place]!;
    assert.equal(block.attributes.get('data-block'), `block_${String(place)}`);
    assert.match(block.attributes.get('aria-label')!, new RegExp(`^block_${String(place)}, ${state}`));
    assert.match(textOf(withClass(block, 'remark')[0]!), new RegExp(`^${state}\\b`));
    const shape = child(block, 'use').attributes.get('href')!.slice(1);
    assert.ok([...walk(root)].some(({ attributes }) => attributes.get('id') === shape));
    assert.match(style, new RegExp(`\\.mark\\.${state} \\.ink`));
  });
  assert.match(textOf(withClass(root, 'block')[1]!), /cell 2 changed/);
});

test('a legend names the states that occur, and nothing is said of states that were not asked for', () => {
  const legend = textOf(withClass(drawn(everyState), 'legend')[0]!);
  for (const state of STATES) assert.match(legend, new RegExp(`1 ${state}`));
  const plain = {
    ...everyState,
    nodes: everyState.nodes.map(node => ({ ...node, state: null, reasons: [] })),
  };
  const root = drawn(plain);
  for (const { attributes } of withClass(root, 'block')) assert.equal(attributes.has('data-state'), false);
  assert.equal(textOf(withClass(root, 'legend')[0]!), '9 blocks · 8 edges');
});

test('every edge is drawn, and says what crosses it', () => {
  const edges = withClass(drawn(everyState), 'edge');
  assert.deepEqual(
    edges.map(({ attributes }) => attributes.get('data-to')).sort(),
    everyState.edges.map(({ to }) => everyState.nodes[to]!.id).sort(),
  );
  const titles = edges.map(edge => textOf(child(edge, 'title')));
  assert.ok(titles.some(title => title.includes('df · builtins.int · 1.2 kB\nstats as numbers')));
  assert.ok(titles.some(title => title.endsWith('order only')));
  assert.ok(titles.some(title => title.endsWith('whole session')));
});

test('it stands alone: one title, no script, nothing from elsewhere, light and dark', () => {
  for (const graph of [everyState, graphNamed(NAMES)]) {
    const { svg } = drawSvg(placed(graph));
    const root = parseXml(svg);
    assert.equal(root.attributes.get('role'), 'img');
    assert.equal(child(root, 'title').name, 'title');
    assert.match(textOf(child(root, 'style')), /@media \(prefers-color-scheme:\s*dark\)/);
    for (const { name, attributes } of walk(root)) {
      assert.ok(!['script', 'foreignObject', 'image', 'a', 'iframe'].includes(name), name);
      for (const [attribute, value] of attributes) {
        assert.ok(!attribute.startsWith('on'), attribute);
        if (attribute === 'href') assert.match(value, /^#/);
      }
    }
    assert.doesNotMatch(textOf(child(root, 'style')), /url\(|@import/);
  }
});

test('whatever names are made of, the document is sound and they stay text', () => {
  const names = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...NAMES)), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(names, some => {
      const blocks = withClass(drawn(graphNamed(some)), 'block');
      assert.equal(blocks.length, some.length);
      blocks.forEach((block, place) => {
        const shown = block.attributes.get('data-block')!;
        if (/^[\w.<>&"'-]*$/.test(some[place]!)) assert.equal(shown, some[place]);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      });
    }),
  );
});

test('pixels are sharp for small pictures, and few enough for large ones', () => {
  assert.equal(zoomFor(800, 600), 2);
  for (const [width, height] of [
    [200_000, 300],
    [50_000, 50_000],
  ] as const) {
    const zoom = zoomFor(width, height);
    assert.ok(width * zoom <= 24_001 && width * height * zoom * zoom < 33_000_000);
  }
});

test('the report for scripts has nodes, edges and layers', () => {
  const { nodes, edges, layers } = graphReport(placed(everyState));
  assert.equal(nodes.length, 9);
  assert.deepEqual(edges[0], {
    from: 'block_0',
    to: 'block_1',
    kind: 'values',
    session: false,
    variables: everyState.edges[0]!.variables,
  });
  assert.deepEqual(
    layers,
    everyState.nodes.map(({ id }) => [id]),
  );
});
