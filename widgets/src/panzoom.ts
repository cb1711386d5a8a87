// Moving and scaling the drawing: drag, pinch, ctrl + wheel, buttons and keys.
import { Disposer } from "./dom";
import type { Point, Rect } from "./geometry";
import { prefersReducedMotion } from "./theme";

const MIN = 0.08;
const MAX = 3;
const SLACK = 4; // pixels that a click may slip
const MARGIN = 18;

export class PanZoom {
  private scale = 1;
  private x = 0;
  private y = 0;
  /** size of the pane, told from outside: reading it here would force a layout per step */
  private view = { width: 1, height: 1 };
  private size: { width: number; height: number } = { width: 1, height: 1 };
  private readonly disposer = new Disposer();
  /** what was last brought into view */
  private shown: Rect | null = null;
  private drag = new Disposer();
  /** where the pressed pointers are: one drags, two pinch */
  private readonly fingers = new Map<number, Point>();
  private frame = 0;
  /** the user has moved or scaled the drawing, so it is no longer fitted on its own */
  touched = false;
  /** the last press was a drag, so the click that ends it selects nothing */
  dragged = false;

  constructor(
    private readonly pane: HTMLElement,
    private readonly target: SVGSVGElement,
  ) {
    this.disposer.listen<WheelEvent>(
      pane,
      "wheel",
      (event) => {
        // A plain wheel scrolls the page, as everywhere else in a notebook.
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.touched = true;
        this.zoom(Math.exp(-event.deltaY * 0.0022), this.local(event));
      },
      { passive: false },
    );
    this.disposer.listen<TouchEvent>(
      pane,
      "touchmove",
      (event) => {
        // One finger scrolls the page up and down; two are for the drawing alone.
        if (event.touches.length > 1) event.preventDefault();
      },
      { passive: false },
    );
    this.disposer.listen<PointerEvent>(pane, "pointerdown", (event) => this.press(event));
    this.disposer.add(() => cancelAnimationFrame(this.frame));
  }

  dispose(): void {
    this.drag.dispose();
    this.disposer.dispose();
  }

  /** The size of the drawing. */
  setSize(width: number, height: number): void {
    this.shown = null;
    this.size = { width, height };
    this.target.setAttribute("width", String(Math.ceil(width)));
    this.target.setAttribute("height", String(Math.ceil(height)));
  }

  /** The size of the pane that it is seen through. */
  setView(width: number, height: number): void {
    this.view = { width, height };
  }

  /** Fits again after the pane has changed its size, with the same part in view. */
  refit(smallest: number): void {
    if (this.touched) return;
    const { shown } = this;
    this.fit(smallest);
    if (shown !== null) this.reveal(shown, false);
  }

  /** The scale at which all is seen; hardly larger than life, but on a very wide screen. */
  fitScale(): number {
    const { width, height } = this.view;
    const x = (width - 2 * MARGIN) / this.size.width;
    const y = (height - 2 * MARGIN) / this.size.height;
    const largest = Math.max(1.15, Math.min(2, width / 1200));
    return Math.max(MIN, Math.min(largest, x, y));
  }

  /** Shows all of it, or, where that would be too small to read, its middle top. */
  fit(smallest = MIN): void {
    cancelAnimationFrame(this.frame);
    const { width, height } = this.view;
    this.scale = Math.max(smallest, this.fitScale());
    this.x = (width - this.size.width * this.scale) / 2;
    const free = height - this.size.height * this.scale;
    this.y = free >= 0 ? free / 2 : MARGIN;
    this.touched = false;
    this.apply();
  }

  zoom(factor: number, around?: Point): void {
    const { width, height } = this.view;
    const centre = around ?? { x: width / 2, y: height / 2 };
    const scale = Math.max(MIN, Math.min(MAX, this.scale * factor));
    this.x = centre.x - ((centre.x - this.x) * scale) / this.scale;
    this.y = centre.y - ((centre.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.touched = true;
    this.apply();
  }

  /** Whether a part of the drawing fits into the pane at this scale. */
  hasRoomFor(rect: Rect): boolean {
    const { width, height } = this.view;
    return (
      rect.width * this.scale <= width - 2 * MARGIN &&
      rect.height * this.scale <= height - 2 * MARGIN
    );
  }

  /** Brings a part of the drawing into view, with the least motion that does it. */
  reveal(rect: Rect, smooth = true): void {
    this.shown = rect;
    const { width, height } = this.view;
    const shift = (low: number, high: number, room: number): number => {
      if (high - low > room - 2 * MARGIN) return room / 2 - (low + high) / 2;
      if (low < MARGIN) return MARGIN - low;
      return high > room - MARGIN ? room - MARGIN - high : 0;
    };
    const left = rect.x * this.scale + this.x;
    const top = rect.y * this.scale + this.y;
    const dx = shift(left, left + rect.width * this.scale, width);
    const dy = shift(top, top + rect.height * this.scale, height);
    if (dx !== 0 || dy !== 0) this.glide(dx, dy, smooth && !prefersReducedMotion());
  }

  private glide(dx: number, dy: number, smooth: boolean): void {
    cancelAnimationFrame(this.frame);
    const from = { x: this.x, y: this.y };
    if (!smooth) {
      this.x += dx;
      this.y += dy;
      this.apply();
      return;
    }
    const start = performance.now();
    const tick = (now: number): void => {
      const t = Math.max(0, Math.min(1, (now - start) / 180));
      const eased = 1 - (1 - t) ** 3;
      this.x = from.x + dx * eased;
      this.y = from.y + dy * eased;
      this.apply();
      if (t < 1) this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    // The first of a gesture; what became of an earlier one may not have been told.
    if (event.isPrimary) this.fingers.clear();
    this.fingers.set(event.pointerId, this.local(event));
    if (this.fingers.size > 1) {
      // What two fingers do is never a click.
      this.dragged = true;
      return;
    }
    this.drag.dispose();
    const { drag } = this;
    this.dragged = false;
    const start = this.local(event);
    drag.listen<PointerEvent>(window, "pointermove", (move) => {
      if (!this.fingers.has(move.pointerId)) return;
      const to = this.local(move);
      if (!this.dragged && Math.hypot(to.x - start.x, to.y - start.y) < SLACK) return;
      this.dragged = true;
      this.touched = true;
      cancelAnimationFrame(this.frame);
      this.pane.classList.add("gad-dragging");
      this.follow(move.pointerId, to);
    });
    const end = (up: PointerEvent): void => {
      this.fingers.delete(up.pointerId);
      if (this.fingers.size > 0) return;
      this.pane.classList.remove("gad-dragging");
      drag.dispose();
    };
    drag.listen<PointerEvent>(window, "pointerup", end);
    drag.listen<PointerEvent>(window, "pointercancel", end);
  }

  /** Moves with the fingers' middle, and scales with their distance where there are two. */
  private follow(pointer: number, to: Point): void {
    const before = this.grip();
    this.fingers.set(pointer, to);
    const after = this.grip();
    this.x += after.middle.x - before.middle.x;
    this.y += after.middle.y - before.middle.y;
    if (before.distance > 0) this.zoom(after.distance / before.distance, after.middle);
    else this.apply();
  }

  private grip(): { middle: Point; distance: number } {
    const [a = { x: 0, y: 0 }, b = a] = [...this.fingers.values()];
    return {
      middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
      distance: Math.hypot(a.x - b.x, a.y - b.y),
    };
  }

  private local(event: MouseEvent): Point {
    const box = this.pane.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private apply(): void {
    // The picture moves as a whole, as a layer: a transform inside it would lay out all of it.
    const { x, y, scale } = this;
    this.target.style.transform =
      `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
  }
}
