/** Colours and lines of the drawing. Plain rules and no variables, which not every renderer knows. */
import { LOOKS, STATES } from './look.js';

export const LABEL_SIZE = 10;

interface Ground {
  readonly ground: string;
  readonly box: string;
  readonly line: string;
  readonly edge: string;
  readonly text: string;
  readonly dim: string;
  readonly which: 0 | 1;
}

const LIGHT: Ground = {
  ground: '#ffffff',
  box: '#ffffff',
  line: '#d4d7db',
  edge: '#aab0b8',
  text: '#212121',
  dim: '#5f6368',
  which: 0,
};
const DARK: Ground = {
  ground: '#111417',
  box: '#1b1f23',
  line: '#3b4046',
  edge: '#5c646d',
  text: '#e8e8e8',
  dim: '#a3a8ae',
  which: 1,
};

const FONT = `system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",Arial,sans-serif`;

const shapes = [
  `.dagpy text{font-family:${FONT}}`,
  '.title{font-size:16px;font-weight:700}',
  '.legend text,.remark{font-size:11px}',
  '.name{font-size:13px;font-weight:700}',
  `.label{pointer-events:none}.label text{font-size:${String(LABEL_SIZE)}px;text-anchor:middle}.behind{fill-opacity:.9}`,
  '.box{stroke-width:1.2}',
  '.stale .box,.running .box,.failed .box{stroke-width:2}',
  '.affected .box,.queued .box{stroke-width:1.6}',
  '.never .box{stroke-dasharray:4 3}',
  '.way,.near{fill:none}',
  '.way{stroke-width:1.5}',
  '.near{stroke:none;stroke-width:11;pointer-events:stroke}',
  '.lit .way{stroke-width:2.2}',
  '.order .way{stroke-dasharray:5 4}',
  '.direct .way{stroke-opacity:.35}',
  '.mark .line{fill:none;stroke-width:1.9;stroke-linecap:round}',
  '.mark .faint{stroke-opacity:.3}',
  '.mark .cut{fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}',
];

function colours({ ground, box, line, edge, text, dim, which }: Ground): readonly string[] {
  const lit = LOOKS.stale.ink[which];
  return [
    `.ground{fill:${ground}}`,
    `.title,.name{fill:${text}}`,
    `.legend text,.remark{fill:${dim}}`,
    `.label text{fill:${dim}}.behind{fill:${ground}}`,
    `.box{fill:${box};stroke:${line}}`,
    `.way{stroke:${edge}}`,
    `.arrow{fill:${edge}}`,
    `.lit .way{stroke:${lit}}`,
    `.arrow-lit{fill:${lit}}`,
    ...STATES.map(state => {
      const ink = LOOKS[state].ink[which];
      return `.mark.${state} .ink{fill:${ink}}.mark.${state} .line{stroke:${ink}}`;
    }),
    `.mark .cut{stroke:${ground}}`,
    ...(['stale', 'affected', 'queued', 'running', 'failed', 'never', 'frozen'] as const).map(
      state => `.block.${state} .box{stroke:${LOOKS[state].ink[which]}}`,
    ),
  ];
}

export const styleSheet = [
  '',
  ...shapes,
  ...colours(LIGHT),
  `@media (prefers-color-scheme:dark){`,
  ...colours(DARK),
  '}',
  '.edge:hover .way{stroke-width:3}',
  '',
].join('\n');
