// Cells with numbers. Only those in view exist, so an array of any size can be scrolled.
import { palette } from "./colours";
import { Disposer, h } from "./dom";
import { formatElement, isUnderflow } from "./format";
import { cellColours, type Paint } from "./heatmap";
import type { Plane } from "./slice";

const ROW = 20;
const CHARACTER = 6.4;
const MAX_HEIGHT = 260;

/** Width of a cell that holds every number of the plane (of a sample, where there are many). */
export function cellWidth(plane: Plane, dtype: string): number {
  const stride = Math.max(1, Math.floor(plane.cells.length / 400));
  let longest = 1;
  for (let i = 0; i < plane.cells.length; i += stride) {
    longest = Math.max(longest, formatElement(plane.cells[i] ?? 0, dtype).length);
  }
  return Math.round(longest * CHARACTER + 9);
}

export class NumberGrid {
  readonly element = h("div", { class: "gad-grid", tabindex: 0 });
  private readonly space = h("div", { class: "gad-grid-space" });
  private readonly disposer = new Disposer();
  private plane: Plane | null = null;
  private options: Paint | null = null;
  private width = 40;
  private picked = "";

  constructor() {
    this.element.append(this.space);
    this.disposer.listen(this.element, "scroll", () => this.draw());
  }

  dispose(): void {
    this.disposer.dispose();
  }

  show(plane: Plane, options: Paint, room: number, picked: readonly number[] | null): void {
    this.picked = picked === null ? "" : (plane.cell(picked)?.join() ?? "");
    this.plane = plane;
    this.options = options;
    this.width = cellWidth(plane, options.dtype);
    const full = this.width * plane.cols;
    // A few cells may as well fill the room they have.
    if (full < room) this.width = Math.min(64, Math.floor(room / plane.cols));
    this.space.style.width = `${this.width * plane.cols}px`;
    this.space.style.height = `${ROW * plane.rows}px`;
    this.element.style.width = `${Math.min(room, this.width * plane.cols)}px`;
    const bar = full > room ? 14 : 0;
    this.element.style.height = `${Math.min(MAX_HEIGHT, ROW * plane.rows + bar)}px`;
    this.element.setAttribute("aria-label", `${plane.rows} by ${plane.cols} numbers`);
    this.draw();
  }

  private draw(): void {
    const { plane, options } = this;
    if (plane === null || options === null) return;
    const { scrollLeft, scrollTop } = this.element;
    const width = parseFloat(this.element.style.width) || 300;
    const height = parseFloat(this.element.style.height) || MAX_HEIGHT;
    const colours = palette(options.theme, options.of);
    const cells: HTMLElement[] = [];
    const lastRow = Math.min(plane.rows, Math.ceil((scrollTop + height) / ROW));
    const lastCol = Math.min(plane.cols, Math.ceil((scrollLeft + width) / this.width));
    for (let i = Math.floor(scrollTop / ROW); i < lastRow; i += 1) {
      for (let j = Math.floor(scrollLeft / this.width); j < lastCol; j += 1) {
        const x = plane.cells[i * plane.cols + j] ?? Number.NaN;
        const [background, ink] = cellColours(x, colours, options.peak);
        const text = formatElement(x, options.dtype);
        const cell = h(
          "div",
          { class: `${i},${j}` === this.picked ? "gad-cell gad-picked" : "gad-cell", "data-cell": plane.index(i, j).join(","), "data-at": `${i},${j}` },
          isUnderflow(x, options.dtype) ? `${text} ε` : text,
        );
        cell.style.cssText =
          `left:${j * this.width}px;top:${i * ROW}px;width:${this.width - 1}px;` +
          `background:${background};color:${ink}`;
        cells.push(cell);
      }
    }
    this.space.replaceChildren(...cells);
  }
}
