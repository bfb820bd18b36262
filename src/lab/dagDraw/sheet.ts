/** A canvas that holds a part of the world, and moves and scales with the view without being painted again. */
import type { Viewport } from './detail.js';
import type { Box } from './scene.js';

export class Sheet {
  readonly element = document.createElement('canvas');
  private _area: Box | null = null;
  private _scale = 1;

  constructor() {
    this.element.hidden = true;
  }

  /** Part of the world that is on it; `null`: nothing. */
  get area(): Box | null {
    return this._area;
  }

  /** Pixels of the screen a unit, as it was painted. */
  get scale(): number {
    return this._scale;
  }

  /** @param paint called with a context in the units of the world */
  draw(area: Box, scale: number, density: number, paint: (context: CanvasRenderingContext2D) => void): void {
    const { element } = this;
    const width = Math.max(1, Math.ceil((area.right - area.left) * scale * density));
    const height = Math.max(1, Math.ceil((area.bottom - area.top) * scale * density));
    const context = element.getContext('2d');
    if (context === null) return;
    // To set a size empties it; the same size keeps the memory it has.
    if (element.width !== width || element.height !== height) {
      element.width = width;
      element.height = height;
    } else {
      context.resetTransform();
      context.clearRect(0, 0, width, height);
    }
    element.style.width = `${String(width / density)}px`;
    element.style.height = `${String(height / density)}px`;
    const factor = scale * density;
    context.setTransform(factor, 0, 0, factor, -area.left * factor, -area.top * factor);
    this._area = area;
    this._scale = scale;
    paint(context);
  }

  follow({ dx, dy, scale }: Viewport): void {
    if (this._area === null) return;
    const { left, top } = this._area;
    this.element.style.transform = `translate(${(left * scale + dx).toFixed(2)}px, ${(top * scale + dy).toFixed(2)}px) scale(${String(scale / this._scale)})`;
  }

  show(isShown: boolean): void {
    if (this.element.hidden === isShown) this.element.hidden = !isShown;
  }

  clear(): void {
    if (this._area === null) return;
    this._area = null;
    this.show(false);
    this.element.width = 0;
    this.element.height = 0;
  }
}
