// Data and gradient side by side, in the same place, with one pointer and one index for both.
import { type Context, gradientPeak } from "./context";
import { Disposer, h, setText } from "./dom";
import { formatExact, shapeText } from "./format";
import { HeatOptions } from "./heatoptions";
import { HeatView, peakAround } from "./heatview";
import { gradientName } from "./names";
import type { ValueSpec } from "./payload";
import { pickOf } from "./picks";
import type { Gradient } from "./state";
import { type Region, Tiles, wholeRegion, zoomed } from "./tiles";

const GAP = 14;
const FETCHED = 1 << 20; // elements: larger arrays are looked at in tiles only

export class HeatPair {
  readonly element: HTMLElement;
  private readonly data: HeatView;
  private readonly grad: HeatView;
  private readonly captions = { data: h("div"), gradient: h("div") };
  private readonly readout = h("div", { class: "gad-readout" });
  private readonly summary = h("div", { class: "gad-summary" });
  private readonly modes: HTMLButtonElement;
  private readonly disposer = new Disposer();
  private readonly spec: ValueSpec;
  private readonly options: HeatOptions;
  /** a peak of the place under the pointer, while the contrast follows it */
  private near: { data: number; gradient: number } | null = null;
  /** null: numbers where they fit; else what the user asked for */
  private wanted: boolean | null = null;
  private filled = false;
  private gradient: Gradient = { state: "pending", arrived: 0, total: 0, array: null };
  private note = "";

  constructor(
    private readonly context: Context,
    private readonly value: number,
    picked: (index: number[]) => void,
  ) {
    this.spec = context.payload.values[value] as ValueSpec;
    const { shape } = this.spec;
    const hovered = (at: [number, number] | null): void => this.hover(at);
    const zoom = (y: number, x: number): void => {
      const region = this.data.region ?? wholeRegion(shape, this.options.axes);
      this.look(zoomed(region, y, x));
    };
    const { kernel } = context;
    const tiles = kernel === null ? null : new Tiles(kernel, () => this.draw());
    this.data = new HeatView(context, "data", shape, tiles, hovered, picked, zoom);
    this.grad = new HeatView(context, "gradient", shape, tiles, hovered, picked, zoom);
    let turn = "";
    this.options = new HeatOptions(
      shape,
      () => {
        const { row, col } = this.options.axes;
        const turned = turn !== `${row} ${col}`;
        turn = `${row} ${col}`;
        if (turned) this.look(null);
        else this.draw();
      },
      () => ({ data: this.data.plane, gradient: this.grad.plane }),
    );
    turn = `${this.options.axes.row} ${this.options.axes.col}`;
    this.disposer.add(() => this.options.dispose());
    this.disposer.add(() => this.data.dispose());
    this.disposer.add(() => this.grad.dispose());
    this.modes = h("button", { type: "button", class: "gad-link-button" });
    this.disposer.listen(this.modes, "click", () => {
      this.wanted = this.element.dataset.numbers !== "true";
      this.draw();
    });
    const side = (caption: HTMLElement, view: HeatView): HTMLElement => {
      caption.className = "gad-caption";
      return h("div", { class: "gad-side" }, caption, view.element);
    };
    this.element = h(
      "div",
      { class: "gad-pair" },
      this.options.sliders,
      h(
        "div",
        { class: "gad-sides" },
        side(this.captions.data, this.data),
        side(this.captions.gradient, this.grad),
      ),
      h("div", { class: "gad-under" }, this.readout, this.modes),
      this.summary,
      shape.length > 0 ? this.options.element : null,
    );
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** Looks at a part of a large array; null: at all of it. */
  private look(region: Region | null): void {
    if (this.context.kernel === null) return this.draw();
    this.data.region = region;
    this.grad.region = region;
    this.draw();
  }

  show(filled: boolean, gradient: Gradient): void {
    this.filled = filled;
    this.gradient = gradient;
    this.draw();
  }

  draw(): void {
    const { axes, form, marked } = this.options;
    const image = form.startsWith("image");
    const data = this.filled ? this.spec.data : null;
    const { array } = this.gradient;
    const width = this.element.clientWidth || 340;
    const half = Math.floor((width - GAP) / 2);
    const needs = [data, array].flatMap((a, i) =>
      a === null ? [] : [(i === 0 ? this.data : this.grad).numbersWidth(a, axes, form) ?? Infinity],
    );
    const widest = Math.max(0, ...needs);
    const numbers = !image && (this.wanted ?? (needs.length > 0 && widest <= width));
    // Numbers that need more than half of the pane stand one above the other.
    const stacked = numbers && widest > half;
    const room = stacked ? width : half;
    this.element.dataset.numbers = String(numbers);
    this.element.classList.toggle("gad-pair-stacked", stacked);
    const peaks = this.near ?? this.peaks(data, array);
    const shared = { axes, form, marked, picked: pickOf(this.context, this.value), numbers, room };
    this.data.show({ array: data, blank: "pending", peak: peaks.data, ...shared });
    const blank = this.gradient.state === "none" ? "none" : "pending";
    this.grad.show({ array, blank, peak: peaks.gradient, ...shared });
    setText(this.modes, numbers ? "show as picture" : "show numbers");
    const exact = [this.data.plane, this.grad.plane].some((plane) => plane?.exact === true);
    this.modes.hidden = !exact || this.spec.shape.length === 0;
    this.caption(data);
    this.summarise([data, array]);
    if (this.near === null) setText(this.readout, "");
  }

  /** Where the colours end, on the chosen scale. */
  private peaks(data: number | null, gradient: number | null): { data: number; gradient: number } {
    const { arrays } = this.context;
    const peak = (array: number | null): number => (array === null ? 0 : arrays.peak(array));
    const { scale } = this.options;
    if (scale === "this step") return { data: peak(data), gradient: peak(gradient) };
    if (scale === "last step") return { data: peak(data), gradient: peak(this.spec.gradient) };
    const steady = gradientPeak(this.context, this.value);
    if (scale === "all steps") return { data: peak(data), gradient: steady };
    const both = Math.max(peak(data), steady);
    return { data: both, gradient: both };
  }

  private caption(data: number | null): void {
    const states = {
      none: this.spec.no_gradient || "none",
      pending: "not reached yet",
      partial: `${this.gradient.arrived} of ${this.gradient.total} arrived`,
      arrived: this.gradient.total > 1 ? `all ${this.gradient.total} arrived` : "",
    };
    const tell = (text: string): string => (text === "" ? "" : ` · ${text}`);
    this.captions.data.replaceChildren(
      h("i", {}, this.spec.label),
      `, data${tell(data === null ? "not reached yet" : "")}`,
    );
    this.captions.gradient.replaceChildren(
      gradientName(this.spec.label),
      tell(states[this.gradient.state]),
    );
  }

  /** Says when only a summary is here, and offers the rest where a kernel can send it. */
  private summarise(arrays: (number | null)[]): void {
    const missing = arrays.filter(
      (array): array is number => array !== null && this.context.arrays.elements(array) === null,
    );
    this.summary.hidden = missing.length === 0;
    if (missing.length === 0) return;
    const size = this.spec.shape.length === 2 ? this.spec.shape.join(" × ") : null;
    const what = `summary of ${size ?? shapeText(this.spec.shape)}`;
    if (!this.context.arrays.canFetch) {
      const plane = this.data.plane ?? this.grad.plane;
      const cells = `a cell is the largest of its block (${plane?.rows} × ${plane?.cols} blocks)`;
      this.summary.replaceChildren(`${what}: ${cells}; a kernel shows every element`);
      return;
    }
    const button = h("button", { type: "button", class: "gad-link-button" }, "fetch all elements");
    button.addEventListener("click", () => {
      button.disabled = true;
      setText(button, "fetching…");
      Promise.all(missing.map((array) => this.context.arrays.fetch(array))).then(
        () => this.finished(""),
        (error: unknown) => this.finished(error instanceof Error ? error.message : String(error)),
      );
    });
    if (this.data.region !== null) {
      const { rows, cols } = this.data.region;
      const part = `rows ${rows[0]}–${rows[1] - 1}, columns ${cols[0]}–${cols[1] - 1}`;
      const back = h("button", { type: "button", class: "gad-link-button" }, "show all of it");
      back.addEventListener("click", () => this.look(null));
      this.summary.replaceChildren(`${part} of ${size ?? shapeText(this.spec.shape)} · `, back);
      return;
    }
    if (this.spec.shape.reduce((n, m) => n * m, 1) > FETCHED) {
      this.summary.replaceChildren(`${what}; click to look closer`);
      return;
    }
    const note = this.note === "" ? "" : ` · ${this.note}`;
    this.summary.replaceChildren(`${what} · `, button, note);
  }

  private finished(note: string): void {
    this.note = note;
    this.draw();
  }

  private hover(at: [number, number] | null): void {
    if (this.options.follows) {
      this.near =
        at === null
          ? null
          : { data: peakAround(this.data.plane, at), gradient: peakAround(this.grad.plane, at) };
      this.draw();
    }
    if (at === null) {
      setText(this.readout, "");
      return;
    }
    const read = (view: HeatView): string => {
      const { plane } = view;
      if (plane === null) return "–";
      return formatExact(plane.cells[at[0] * plane.cols + at[1]] ?? Number.NaN);
    };
    const plane = this.data.plane ?? this.grad.plane;
    const index = plane?.index(...at).join(", ") ?? "";
    const where = plane?.exact === false ? `block ${index}` : `[${index}]`;
    setText(this.readout, `${where} ${read(this.data)} · ∇ ${read(this.grad)}`);
  }
}
