// One heat map of the inspector: a picture, or cells with numbers where they fit.
import type { Elements } from "./arrays";
import { type Of, palette } from "./colours";
import type { Context } from "./context";
import { Disposer, h, setText } from "./dom";
import { formatElement, toNumber } from "./format";
import { fitBox, legendText, type Paint, paint, paintColour } from "./heatmap";
import type { Form } from "./heatoptions";
import { type Marked, paintMarks } from "./marked";
import { cellWidth, NumberGrid } from "./numbergrid";
import {
  type Axes,
  colourPlanes,
  imageAxes,
  type Plane,
  slicePlane,
  squarePlane,
  summaryPlane,
} from "./slice";
import { type Region, type Tiles, wholeRegion } from "./tiles";

const PICTURE_HEIGHT = 180;
const MAX_CELLS_WITH_NUMBERS = 400;
const MAX_ROWS_WITH_NUMBERS = 16;
const MAX_CELLS_READ_OUT = 4096;

export type Blank = "pending" | "none";

export interface View {
  array: number | null;
  blank: Blank;
  peak: number;
  axes: Axes;
  form: Form;
  marked: Marked;
  /** the element that is marked */
  picked: readonly number[] | null;
  numbers: boolean;
  room: number;
}

/** The largest finite magnitude within a tenth of a plane's extent around a cell. */
export function peakAround(plane: Plane | null, [row, col]: readonly [number, number]): number {
  if (plane === null) return 0;
  const [down, across] = [Math.ceil(plane.rows / 10), Math.ceil(plane.cols / 10)];
  let peak = 0;
  for (let i = Math.max(0, row - down); i <= Math.min(plane.rows - 1, row + down); i += 1) {
    for (let j = Math.max(0, col - across); j <= Math.min(plane.cols - 1, col + across); j += 1) {
      const size = Math.abs(plane.cells[i * plane.cols + j] ?? 0);
      if (size > peak && size < Infinity) peak = size;
    }
  }
  return peak;
}

/** A row of k² elements as a square of k × k, as a flattened image is. */
function squared(plane: Plane): Plane {
  const side = Math.round(Math.sqrt(plane.cols));
  if (plane.rows > 1 || side < 4 || side * side !== plane.cols) return plane;
  return { ...plane, rows: side, cols: side, index: (i, j) => plane.index(0, i * side + j) };
}

export class HeatView {
  readonly element: HTMLElement;
  plane: Plane | null = null;
  /** the part of a large array that is looked at */
  region: Region | null = null;
  private painted: unknown[] = [];
  private readonly canvas = h("canvas", { class: "gad-canvas", role: "img" });
  private readonly mark = h("div", { class: "gad-pick" });
  private readonly grid = new NumberGrid();
  private readonly blank = h("div", { class: "gad-empty" });
  private readonly legend: HTMLElement;
  private readonly ends = [h("span"), h("span"), h("span")];
  private readonly bar = h("div", { class: "gad-scale-bar" });
  private readonly disposer = new Disposer();

  constructor(
    private readonly context: Context,
    private readonly of: Of,
    private readonly shape: readonly number[],
    private readonly tiles: Tiles | null,
    hovered: (at: [number, number] | null) => void,
    picked: (index: number[]) => void,
    zoom: (y: number, x: number) => void,
  ) {
    this.legend = h(
      "div",
      { class: "gad-scale", "aria-hidden": "true" },
      this.bar,
      h("div", { class: "gad-scale-ends" }, ...this.ends),
    );
    this.element = h(
      "div",
      { class: "gad-heat", "data-of": of },
      this.canvas,
      this.mark,
      this.grid.element,
      this.blank,
      this.legend,
    );
    this.disposer.add(() => this.grid.dispose());
    this.disposer.listen<PointerEvent>(this.element, "pointermove", (event) =>
      hovered(this.cellAt(event)),
    );
    this.disposer.listen(this.element, "pointerleave", () => hovered(null));
    this.disposer.listen<PointerEvent>(this.element, "click", (event) => {
      const at = this.cellAt(event);
      if (at === null || this.plane === null) return;
      const { rows, cols } = this.plane;
      if (this.plane.exact) picked(this.plane.index(...at));
      else zoom((at[0] + 0.5) / rows, (at[1] + 0.5) / cols);
    });
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** The plane that a view would show; null where nothing has been computed. */
  planeOf(array: number | null, axes: Axes, form: Form = "heat map"): Plane | null {
    if (array === null) return null;
    const elements: Elements | null = this.context.arrays.elements(array);
    if (elements !== null && elements.length > 0) {
      if (form === "all elements as a square") return squarePlane(this.shape, elements);
      return this.colours(array, axes, form)?.[0] ?? slicePlane(this.shape, elements, axes);
    }
    const region = this.region ?? wholeRegion(this.shape, axes);
    const tile = this.tiles?.get(array, axes, region);
    if (tile != null) return tile;
    const picture = this.context.arrays.summary(array);
    return picture === null ? null : summaryPlane(picture);
  }

  /** The planes of an image in colour; null where it is none, or not all of it is here. */
  private colours(array: number, axes: Axes, form: Form): Plane[] | null {
    const image = form === "image in colour" ? imageAxes(this.shape) : null;
    const elements = image === null ? null : this.context.arrays.elements(array);
    return image === null || elements === null ? null : colourPlanes(this.shape, elements, axes, image);
  }

  /** The room that the numbers of a plane need; null when there are too many. */
  numbersWidth(array: number, axes: Axes, form: Form): number | null {
    const plane = this.planeOf(array, axes, form);
    if (plane === null || !plane.exact) return null;
    const { rows, cols } = plane;
    if (rows > MAX_ROWS_WITH_NUMBERS || rows * cols > MAX_CELLS_WITH_NUMBERS) return null;
    return cols * cellWidth(plane, this.context.arrays.spec(array).dtype);
  }

  show(view: View): void {
    const { array } = view;
    const plane = this.planeOf(array, view.axes, view.form);
    this.plane = plane;
    const shown = array !== null && plane !== null;
    const numbers = shown && view.numbers && plane.exact;
    this.element.dataset.slot = shown ? (numbers ? "numbers" : "picture") : view.blank;
    this.canvas.hidden = !shown || numbers;
    this.grid.element.hidden = !numbers;
    this.blank.hidden = shown;
    this.legend.hidden = !shown || view.form.startsWith("image");
    this.mark.hidden = true;
    if (!shown) {
      delete this.element.dataset.cells;
      const rows = this.shape.at(-2) ?? 1;
      const box = fitBox(Math.max(1, rows), Math.max(1, this.shape.at(-1) ?? 1), view.room, PICTURE_HEIGHT);
      this.blank.style.width = `${Math.max(box.width, 48)}px`;
      this.blank.style.height = `${Math.max(box.height, 20)}px`;
      setText(this.blank, array !== null ? "no elements" : view.blank === "none" ? "–" : "");
      return;
    }
    const { dtype } = this.context.arrays.spec(array);
    const theme = this.context.theme();
    const options: Paint = { of: this.of, theme, peak: view.peak, dtype, image: null };
    const { stats } = this.context.arrays.spec(array);
    const image = view.form.startsWith("image");
    if (image) options.image = { low: toNumber(stats.min), high: toNumber(stats.max) };
    // A gradient in colour: grey is zero.
    if (image && this.of === "gradient") options.image = { low: -view.peak, high: view.peak };
    const colours = this.colours(array, view.axes, view.form);
    if (numbers) this.grid.show(plane, options, view.room, view.picked);
    else this.paint(image && colours === null ? squared(plane) : plane, options, view, colours);
    if (!numbers && !image) this.markPicked(plane, view.picked);
    if (plane.exact && plane.cells.length <= MAX_CELLS_READ_OUT) {
      const read = Array.from(plane.cells, (x) => formatElement(x, dtype));
      this.element.dataset.cells = read.join(" ");
    } else {
      delete this.element.dataset.cells;
    }
    this.bar.style.backgroundImage = palette(theme, this.of).gradient;
    legendText(view.peak).forEach((text, i) => setText(this.ends[i] as Element, text));
  }

  private paint(plane: Plane, options: Paint, view: View, colours: Plane[] | null): void {
    const { room, form, marked } = view;
    // A step that changes nothing here paints nothing: an array may have a million elements.
    const { cells } = plane;
    const painted = [cells.buffer, cells.byteOffset, cells.length, room, form, marked, JSON.stringify(options)];
    if (painted.every((part, i) => part === this.painted[i])) return;
    this.painted = painted;
    const size = fitBox(plane.rows, plane.cols, room, PICTURE_HEIGHT);
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    this.canvas.width = Math.round(size.width * ratio);
    this.canvas.height = Math.round(size.height * ratio);
    this.canvas.style.width = `${size.width}px`;
    this.canvas.style.height = `${size.height}px`;
    const kind = plane.exact ? "heat map" : "summary";
    this.canvas.setAttribute("aria-label", `${kind} of ${plane.rows} by ${plane.cols} cells`);
    if (colours !== null && options.image != null) {
      paintColour(this.canvas, colours, options.image, options.theme);
    } else {
      paint(this.canvas, plane, options);
      if (plane.exact) paintMarks(this.canvas, plane, marked, options.dtype, options.theme);
    }
  }

  /** A frame around the picked element, where it lies in the plane. */
  private markPicked(plane: Plane, picked: readonly number[] | null): void {
    const cell = picked === null || !plane.exact ? null : plane.cell(picked);
    if (cell === null) return;
    const width = parseFloat(this.canvas.style.width) / plane.cols;
    const height = parseFloat(this.canvas.style.height) / plane.rows;
    this.mark.hidden = false;
    this.mark.style.cssText =
      `left:${cell[1] * width}px;top:${cell[0] * height}px;width:${width}px;height:${height}px`;
  }

  private cellAt(event: PointerEvent): [number, number] | null {
    const target = event.target as HTMLElement;
    const at = target.dataset.at?.split(",").map(Number);
    if (at !== undefined) return [at[0] ?? 0, at[1] ?? 0];
    if (target !== this.canvas || this.plane === null) return null;
    const box = this.canvas.getBoundingClientRect();
    const i = Math.floor(((event.clientY - box.top) / box.height) * this.plane.rows);
    const j = Math.floor(((event.clientX - box.left) / box.width) * this.plane.cols);
    if (i < 0 || j < 0 || i >= this.plane.rows || j >= this.plane.cols) return null;
    return [i, j];
  }
}
