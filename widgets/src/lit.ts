// The elements of an output that one element of an input reaches, lit in the output's heat map.
import { type Context, gradientPeak } from "./context";
import { h } from "./dom";
import { fitBox, paint } from "./heatmap";
import { goToElement } from "./picks";
import { defaultAxes, slicePlane } from "./slice";
import { gradientName } from "./names";
import { unravel } from "./watch";

const BOX = { width: 132, height: 96 };
const DIMMED = 0.25;

export interface Lit {
  output: number;
  flat: readonly number[];
  count: number;
}

/** The gradient of an output with the touched elements lit; hatched before it has arrived. */
export function litMap(context: Context, lit: Lit): HTMLElement {
  const spec = context.payload.values[lit.output];
  const shape = spec?.shape ?? [];
  const size = shape.reduce((n, m) => n * m, 1);
  const told = h("div", { class: "gad-lit-told" }, gradientName(spec?.label ?? ""), ` · ${lit.count} of ${size}`);
  const figure = h("div", { class: "gad-lit", "data-lit": lit.flat.join(" "), "data-output": lit.output }, told);
  const { array } = context.timeline.gradient(lit.output, context.position());
  const elements = array === null ? null : context.arrays.elements(array);
  if (array === null || elements === null) {
    if (array === null) {
      const blank = h("div", { class: "gad-empty" });
      blank.style.cssText = "width:64px;height:36px";
      figure.append(blank);
    }
    return figure;
  }
  // Leading axes are laid one below the other, so that no element is out of sight.
  const cols = shape.at(-1) ?? 1;
  const rows = elements.length / cols;
  const { cells, exact } = slicePlane([rows, cols], elements, defaultAxes([rows, cols]));
  const box = fitBox(rows, cols, BOX.width, BOX.height, 16);
  const canvas = h("canvas", {
    class: "gad-canvas gad-lit-map",
    role: "img",
    "aria-label": `${lit.count} of ${size} elements of ${spec?.label ?? ""}∇ are touched`,
  });
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  canvas.style.width = `${box.width}px`;
  canvas.style.height = `${box.height}px`;
  const { dtype } = context.arrays.spec(array);
  const peak = gradientPeak(context, lit.output);
  paint(canvas, { rows, cols, cells, exact }, { of: "gradient", theme: context.theme(), peak, dtype });
  light(canvas, rows, cols, lit.flat, context.theme() === "dark");
  canvas.addEventListener("click", (event) => {
    const bounds = canvas.getBoundingClientRect();
    const i = Math.floor(((event.clientY - bounds.top) / bounds.height) * rows);
    const j = Math.floor(((event.clientX - bounds.left) / bounds.width) * cols);
    if (i >= 0 && j >= 0 && i < rows && j < cols) goToElement(context, lit.output, unravel(shape, i * cols + j));
  });
  figure.append(canvas);
  return figure;
}

/** Dims all cells but some, and frames those where there is room. */
function light(
  canvas: HTMLCanvasElement,
  rows: number,
  cols: number,
  flat: readonly number[],
  dark: boolean,
): void {
  const context = canvas.getContext("2d");
  if (context === null || flat.length === rows * cols) return;
  const { width, height } = canvas;
  const bright = context.getImageData(0, 0, width, height);
  context.fillStyle = dark ? "#14181f" : "#ffffff";
  context.globalAlpha = 1 - DIMMED;
  context.fillRect(0, 0, width, height);
  context.globalAlpha = 1;
  context.strokeStyle = dark ? "#e4e9f1" : "#1b2330";
  context.lineWidth = 2;
  for (const at of flat) {
    const [i, j] = [Math.floor(at / cols), at % cols];
    const [left, right] = [Math.round((j * width) / cols), Math.round(((j + 1) * width) / cols)];
    const [top, bottom] = [Math.round((i * height) / rows), Math.round(((i + 1) * height) / rows)];
    const [across, down] = [Math.max(1, right - left), Math.max(1, bottom - top)];
    context.putImageData(bright, 0, 0, left, top, across, down);
    if (across >= 8 && down >= 8) context.strokeRect(left + 1, top + 1, across - 2, down - 2);
  }
}
