/** A graph with every state, for the renderers. */
import { STATES, type DrawnGraph } from '../../../src/dagLayout/index.js';
import type { CrossingVariable } from '../../../src/protocol/reports.js';

const variable = (name: string, as = name): CrossingVariable => ({
  name,
  as,
  type: 'builtins.int',
  bytes: 1200,
});

/** A block for each state, each below the one before; the third is for order only, the fourth takes a whole session. */
export const everyState: DrawnGraph = {
  project: 'trial',
  size: STATES.length,
  nodes: STATES.map((state, place) => ({
    id: `block_${String(place)}`,
    state,
    reasons: state === 'stale' ? [{ kind: 'code', detail: 'cell 2 changed' }] : [],
    prelude: place === 0,
    seconds: place === 0 ? 1.5 : null,
    bytes: null,
  })),
  edges: STATES.slice(1).map((_, place) => ({
    from: place,
    to: place + 1,
    kind: place === 2 ? 'order' : 'values',
    session: place === 3,
    variables: place === 2 || place === 3 ? [] : [variable('df'), variable('stats', 'numbers')],
  })),
};

/** Names as somebody may write them who means no good, or only writes in another language. */
export const NAMES = [
  `</title><script>alert(1)</script>`,
  `"quoted" 'twice' \\N \\`,
  `]]> &amp; --> <!-- #quot; %%`,
  'line\nbreak\ttab\u0000\u001b[31mred\u0007\u009b',
  'right\u202eto left\u2066',
  'half \ud83d and \udc00 half',
  'end',
  'subgraph; graph TD; click x "javascript:alert(1)"',
  '`code` **bold** _x_ | "]:::stale',
  'данные 数据 データ 😀 é',
  ' ',
  '',
];

/** The names as blocks, as variables between them, and as reasons. */
export function graphNamed(names: readonly string[]): DrawnGraph {
  return {
    project: names[0] ?? '',
    size: names.length,
    nodes: names.map(name => ({
      id: name,
      state: 'stale',
      reasons: [{ kind: 'code', detail: `because ${name}` }],
      prelude: false,
      seconds: null,
      bytes: null,
    })),
    edges: names.slice(1).map((name, place) => ({
      from: place,
      to: place + 1,
      kind: 'values',
      session: false,
      variables: [variable(name), variable(name, `other ${name}`)],
    })),
  };
}
