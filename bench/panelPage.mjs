/* global window, document, requestAnimationFrame */
// The page that bench/panel.mjs measures: the panel's picture alone, fed with views as a daemon would send them.
import { DagView } from '../src/lab/dagDraw/dagView.ts';
import { edgeText, nodeLabel, remarkText } from '../src/lab/dagDraw/dagWords.ts';

const trans = {
  __: (text, ...values) => text.replace(/%(\d)/g, (_, place) => String(values[Number(place) - 1])),
};
const STATES = ['fresh', 'fresh', 'fresh', 'fresh', 'fresh', 'fresh', 'stale', 'affected', 'failed', 'never'];
const WORDS = ['load', 'clean', 'features', 'model', 'report', 'ranking', 'split', 'join', 'score', 'export'];

const block = (id, state, parents, place) => ({
  id,
  uid: id,
  notebook: `blocks/${id}.ipynb`,
  state,
  reasons: state === 'fresh' ? [] : [{ kind: 'code', detail: `cell ${1 + (place % 7)} changed` }],
  parents: parents.map(parent => ({ block: parent, use: null })),
  after: [],
  filter: { kind: 'auto' },
  tags: { kind: WORDS[place % WORDS.length] },
  isPrelude: false,
  seconds: 0.2 + (place % 90) / 10,
  bytes: 1000 * (1 + ((place * 7919) % 150_000)),
  exports: [],
  withheld: [],
  codeCells: 3,
  changedCells: [],
  failure: null,
  progress: null,
  lastRun: null,
  isLocal: false,
});

/** Each block builds on one to three of the hundred before it, as data pipelines do. */
function viewOf(size) {
  let seed = 4711;
  const next = below => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const blocks = [];
  const edges = [];
  for (let place = 0; place < size; place += 1) {
    const id = `${WORDS[next(WORDS.length)]}_${place}`;
    const parents = new Set();
    if (place > 3)
      for (let many = 1 + next(3); many > 0; many -= 1) parents.add(place - 1 - next(Math.min(place, 100)));
    const ids = [...parents].map(parent => blocks[parent].id);
    blocks.push(block(id, STATES[next(STATES.length)], ids, place));
    for (const from of ids)
      edges.push({
        from,
        to: id,
        kind: next(12) === 0 ? 'order' : 'values',
        session: next(40) === 0,
        variables: [{ name: 'df', as: 'df', type: 'pandas.DataFrame', bytes: 152_000_000 }],
      });
  }
  return { blocks, edges };
}

/** The project of the picture that the interface is measured by. */
function smallView() {
  const states = {
    load: ['fresh', ''],
    clean: ['fresh', ''],
    geography: ['fresh', ''],
    time: ['stale', 'cell 2 changed'],
    text: ['fresh', ''],
    model: ['running', 'input time.X changed'],
    ranking: ['failed', 'KeyError in cell 4'],
    report: ['affected', 'waits for model'],
    archive: ['never', 'never run'],
    settings: ['frozen', 'frozen until 1 March'],
    letter: ['blocked', 'ranking failed'],
    upload: ['queued', 'waits for its turn'],
  };
  const edges = [
    ['load', 'clean', 'raw'],
    ['clean', 'geography', 'df'],
    ['clean', 'time', 'df'],
    ['clean', 'text', 'df'],
    ['geography', 'model', 'X_geo'],
    ['time', 'model', 'X_time'],
    ['text', 'model', 'X_text'],
    ['text', 'ranking', 'X_text'],
    ['model', 'report', 'fits'],
    ['clean', 'archive', 'df'],
    ['ranking', 'letter', 'top'],
    ['report', 'upload', ''],
    ['settings', 'load', 'paths'],
  ].map(([from, to, name]) => ({
    from,
    to,
    kind: name === '' ? 'order' : 'values',
    session: from === 'settings',
    variables: name === '' ? [] : [{ name, as: name, type: 'pandas.DataFrame', bytes: 16_000_000 }],
  }));
  const blocks = Object.entries(states).map(([id, [state, detail]], place) => ({
    ...block(
      id,
      state,
      edges.filter(({ to }) => to === id).map(({ from }) => from),
      place,
    ),
    reasons: detail === '' ? [] : [{ kind: 'code', detail }],
    progress: state === 'running' ? { done: 3, cells: 5, cell: 4, since: 0, expectedSeconds: null } : null,
  }));
  return { blocks, edges };
}

const nextFrame = () => new Promise(requestAnimationFrame);
const events = Object.fromEntries(
  'onSelect onOpen onPointAt onPointAtEdge onSelectEdge onClick onLinking onLink onLinkingLeft onLeave'
    .split(' ')
    .map(name => [name, () => {}]),
);

window.panel = {
  /** Milliseconds until the picture was shown. */
  async show(size) {
    const view = size <= 12 ? smallView() : viewOf(size);
    const host = document.getElementById('panel');
    host.replaceChildren();
    await nextFrame();
    const began = performance.now();
    const dag = new DagView(
      {
        list: 'Blocks',
        remark: each => remarkText(each, trans),
        label: (each, graph) => nodeLabel(each, graph, trans),
        edge: edge => edgeText(edge, trans),
      },
      events,
    );
    host.append(dag.element);
    dag.show(view, 'down');
    dag.resize(host.clientWidth, host.clientHeight);
    const computed = performance.now() - began;
    // The frame after the next one begins when this one is on the screen.
    await nextFrame();
    await nextFrame();
    Object.assign(this, { dag, view });
    return { computed, shown: performance.now() - began, elements: host.querySelectorAll('*').length };
  },
  /** Milliseconds of every frame from now on, until it is called again. */
  watch() {
    const frames = [];
    let last = performance.now();
    let isOn = true;
    const step = now => {
      frames.push(now - last);
      last = now;
      if (isOn) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    this.stop = () => {
      isOn = false;
      return frames.slice(1);
    };
  },
  /** Goes to a block in the middle of the project, near enough to read it. */
  near() {
    const { dag, view } = this;
    dag.goTo(view.blocks[view.blocks.length >> 1].id, { isLegible: true });
  },
  /** Milliseconds that one block's change of state takes. */
  async patch() {
    const { dag, view } = this;
    const { layouts } = dag;
    const place = view.blocks.length >> 1;
    const began = performance.now();
    const blocks = view.blocks.slice();
    blocks[place] = {
      ...blocks[place],
      state: 'running',
      progress: { done: 1, cells: 3, cell: 2, since: 0 },
    };
    dag.show({ ...view, blocks }, 'down');
    return { milliseconds: performance.now() - began, layouts: dag.layouts - layouts };
  },
};
