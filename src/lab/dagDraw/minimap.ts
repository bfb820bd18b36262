/** The whole picture in a corner, one path a state, and a frame around what is in view. */
import { create, drag, pointer, type D3DragEvent } from 'd3';
import type { BlockState } from '../../protocol/states.js';
import { visibleBox, type Viewport } from './detail.js';
import type { Scene } from './scene.js';

const WIDTH = 140;
const HEIGHT = 92;
const PADDING = 6;
/** Boxes stay visible however small the picture gets. */
const LEAST_BOX = 1.6;

export interface Minimap {
  readonly element: HTMLDivElement;
  show(scene: Scene): void;
  frame(viewport: Viewport): void;
}

/** @param goTo called with the place in the world that comes to the middle */
export function makeMinimap(goTo: (x: number, y: number) => void): Minimap {
  const svg = create('svg')
    .attr('width', WIDTH)
    .attr('height', HEIGHT)
    .attr('viewBox', `0 0 ${String(WIDTH)} ${String(HEIGHT)}`);
  const blocks = svg.append('g');
  const picture = svg.node();
  if (picture === null) throw new Error('nothing was made');
  const element = document.createElement('div');
  element.className = 'dagpy-dag-minimap';
  element.setAttribute('aria-hidden', 'true');
  // An element of its own: it moves in every frame, and the blocks would be drawn again with it.
  const frame = document.createElement('div');
  frame.className = 'dagpy-dag-minimap-frame';
  element.append(picture, frame);
  let scale = 1;
  let frameSize = '';
  let left = 0;
  let top = 0;
  const follow = (event: MouseEvent): void => {
    const [x, y] = pointer(event, picture);
    goTo((x - left) / scale, (y - top) / scale);
  };
  svg.on('click', follow).call(
    drag<SVGSVGElement, undefined>().on(
      'start drag',
      ({ sourceEvent }: D3DragEvent<SVGSVGElement, undefined, unknown>) => {
        if (sourceEvent instanceof MouseEvent) follow(sourceEvent);
      },
    ),
  );
  return {
    element,
    show({ picture, blocks: views }) {
      const { layout, nodeWidth, nodeHeight } = picture;
      scale = Math.min(
        (WIDTH - 2 * PADDING) / Math.max(1, layout.width),
        (HEIGHT - 2 * PADDING) / Math.max(1, layout.height),
        0.16,
      );
      left = (WIDTH - scale * layout.width) / 2;
      top = (HEIGHT - scale * layout.height) / 2;
      const width = Math.max(LEAST_BOX, nodeWidth * scale);
      const height = Math.max(LEAST_BOX, nodeHeight * scale * 0.7);
      const boxes = new Map<BlockState, string[]>();
      views.forEach(({ state }, node) => {
        const x = left + layout.x[node]! * scale;
        const y = top + layout.y[node]! * scale;
        const box = `M${x.toFixed(1)} ${y.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h-${width.toFixed(1)}z`;
        const known = boxes.get(state);
        if (known === undefined) boxes.set(state, [box]);
        else known.push(box);
      });
      // What needs a person lies above what does not.
      const paths = [...boxes].sort(([a], [b]) => Number(b === 'fresh') - Number(a === 'fresh'));
      blocks
        .selectAll<SVGPathElement, [BlockState, string[]]>('path')
        .data(paths, ([state]) => state)
        .join('path')
        .attr('class', ([state]) => `dagpy-is-${state}`)
        .attr('d', ([, all]) => all.join(''))
        .order();
    },
    frame(viewport) {
      const box = visibleBox(viewport);
      const clamp = (value: number, most: number): number => Math.max(1, Math.min(most - 1, value));
      const [x, right] = [clamp(left + box.left * scale, WIDTH), clamp(left + box.right * scale, WIDTH)];
      const [y, bottom] = [clamp(top + box.top * scale, HEIGHT), clamp(top + box.bottom * scale, HEIGHT)];
      frame.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
      const size = `${Math.max(2, right - x).toFixed(1)} ${Math.max(2, bottom - y).toFixed(1)}`;
      if (size === frameSize) return;
      frameSize = size;
      [frame.style.width = '', frame.style.height = ''] = size.split(' ').map(pixels => `${pixels}px`);
    },
  };
}
