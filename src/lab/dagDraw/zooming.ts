/** Moves and scales the world. While it moves only one style changes; what is drawn follows when it rests. */
import { select, zoom, zoomIdentity, type D3ZoomEvent } from 'd3';
import type { Viewport } from './detail.js';
import { LEAST_SCALE, MOST_SCALE, type Place } from './places.js';
import type { Stage } from './stage.js';

/** From a place on the screen. Worked out here: browsers differ in what they make of transformed ancestors. */
export type ToWorld = (place: {
  readonly clientX: number;
  readonly clientY: number;
}) => readonly [number, number];

export interface Zooming {
  readonly viewport: Viewport;
  readonly toWorld: ToWorld;
  /** Draws at the scale of the view. */
  sharpen(): void;
  /**
   * Whether browsers keep the world as a layer of its own, which costs no painting while it moves. Where nearly nothing is
   * painted it is dearer than that: it keeps account of what each of its elements lets fingers do.
   */
  keepLayer(isLayer: boolean): void;
  /** Nobody sees the world: it stays where it is until it is let go. */
  hold(isHeld: boolean): void;
  /** @param milliseconds 0: at once */
  goTo(place: Place, milliseconds: number): void;
  scaleBy(factor: number, milliseconds: number): void;
  resize(width: number, height: number): void;
  dispose(): void;
}

/** How long nothing moves until the world is at rest. */
const REST_MILLISECONDS = 250;

export interface ZoomingOptions {
  readonly stage: Stage;
  /** In each frame in which the view moves. */
  onMove(): void;
  onRest(): void;
}

export function makeZooming({ stage, onMove, onRest }: ZoomingOptions): Zooming {
  const viewportElement = select<HTMLDivElement, unknown>(stage.viewport);
  let place: Place = { dx: 0, dy: 0, scale: 1 };
  let width = 0;
  let height = 0;
  let drawnScale = 1;
  let moves = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;
  let isHeld = false;
  let isLayer = true;
  const move = (): void => {
    if (isHeld) return;
    const { dx, dy, scale } = place;
    const where = `${dx.toFixed(2)}px, ${dy.toFixed(2)}px`;
    const translated = isLayer ? `translate3d(${where}, 0)` : `translate(${where})`;
    stage.world.style.transform = `${translated} scale(${String(scale / drawnScale)})`;
  };
  const sharpen = (): void => {
    if (drawnScale === place.scale) return;
    drawnScale = place.scale;
    stage.scaled.attr('transform', `scale(${String(drawnScale)})`);
    move();
  };
  // A busy page is late with everything: what was turned or dragged meanwhile comes before the next frame.
  const restInNextFrame = (): void => {
    const before = moves;
    requestAnimationFrame(() => {
      if (moves === before) rest();
    });
  };
  const rest = (): void => {
    stage.shield.classList.remove('is-up');
    onRest();
  };
  const show = (): void => {
    frame = 0;
    onMove();
    move();
  };
  const behaviour = zoom<HTMLDivElement, unknown>()
    .scaleExtent([LEAST_SCALE, MOST_SCALE])
    .clickDistance(4)
    // With shift a rectangle is drawn; the right button opens a menu.
    .filter(
      (event: MouseEvent | WheelEvent | TouchEvent) =>
        event.type === 'wheel' ||
        !('button' in event) ||
        ((event.button === 0 || event.button === 1) && !event.shiftKey && !event.ctrlKey),
    )
    .on('zoom', ({ transform, sourceEvent }: D3ZoomEvent<HTMLDivElement, unknown>) => {
      place = { dx: transform.x, dy: transform.y, scale: transform.k };
      if (sourceEvent !== null) stage.shield.classList.add('is-up');
      if (frame === 0) frame = requestAnimationFrame(show);
      clearTimeout(timer);
      moves += 1;
      timer = setTimeout(restInNextFrame, REST_MILLISECONDS);
    });
  viewportElement.call(behaviour).on('dblclick.zoom', null);
  const transformOf = ({ dx, dy, scale }: Place) => zoomIdentity.translate(dx, dy).scale(scale);
  const settle = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    show();
    rest();
  };
  return {
    get viewport() {
      return { ...place, width, height };
    },
    sharpen,
    keepLayer(next) {
      if (isLayer === next) return;
      isLayer = next;
      move();
    },
    hold(next) {
      if (isHeld === next) return;
      isHeld = next;
      move();
    },
    toWorld({ clientX, clientY }) {
      const { left, top } = stage.viewport.getBoundingClientRect();
      return [(clientX - left - place.dx) / place.scale, (clientY - top - place.dy) / place.scale];
    },
    goTo(next, milliseconds) {
      if (milliseconds > 0)
        viewportElement.transition().duration(milliseconds).call(behaviour.transform, transformOf(next));
      else {
        viewportElement.interrupt();
        behaviour.transform(viewportElement, transformOf(next));
        settle();
      }
    },
    scaleBy(factor, milliseconds) {
      if (milliseconds > 0)
        viewportElement.transition().duration(milliseconds).call(behaviour.scaleBy, factor);
      else {
        behaviour.scaleBy(viewportElement, factor);
        settle();
      }
    },
    resize(nextWidth, nextHeight) {
      // What was in the middle stays there.
      const [dx, dy] = [(nextWidth - width) / 2, (nextHeight - height) / 2];
      const isFirst = width === 0 || height === 0;
      width = nextWidth;
      height = nextHeight;
      behaviour.extent([
        [0, 0],
        [width, height],
      ]);
      if (isFirst || (dx === 0 && dy === 0)) return;
      behaviour.transform(viewportElement, transformOf({ ...place, dx: place.dx + dx, dy: place.dy + dy }));
    },
    dispose() {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      moves += 1;
      viewportElement.interrupt().on('.zoom', null);
    },
  };
}
