// How a tensor is shown: which axes, on what scale, as numbers, colours or an image.
import { Disposer, h, setText } from "./dom";
import { formatExact } from "./format";
import { MARKED, type Marked } from "./marked";
import { type Axes, defaultAxes, heldAxes, imageAxes, type Plane, withAxis } from "./slice";

export type Scale = "all steps" | "this step" | "last step" | "data and ∇ alike";
const SCALES: Scale[] = ["all steps", "this step", "last step", "data and ∇ alike"];

/** As colours by sign, all elements at once, or as an image. */
export type Form = "heat map" | "all elements as a square" | "image in grey" | "image in colour";

export class HeatOptions {
  readonly element: HTMLElement;
  /** the sliders over the axes that are not shown */
  readonly sliders = h("div", { class: "gad-axes" });
  axes: Axes;
  scale: Scale = "all steps";
  follows = false;
  form: Form = "heat map";
  marked: Marked = "nothing";
  private readonly disposer = new Disposer();

  constructor(
    private readonly shape: readonly number[],
    private readonly changed: () => void,
    planes: () => { data: Plane | null; gradient: Plane | null },
  ) {
    this.axes = defaultAxes(shape);
    const copied = h("span", { role: "status" });
    const copy = (of: "data" | "gradient", label: string): HTMLElement => {
      const button = h("button", { type: "button", class: "gad-link-button" }, label);
      this.disposer.listen(button, "click", () => {
        const plane = planes()[of];
        void (plane === null ? Promise.resolve("nothing is there yet") : copyText(asList(plane))).then(
          (told) => setText(copied, told),
        );
      });
      return button;
    };
    const scale = this.select("scale", SCALES, (value) => {
      this.scale = value as Scale;
    });
    const forms: Form[] = ["heat map", "all elements as a square", "image in grey"];
    if (imageAxes(shape) !== null) forms.push("image in colour");
    const form = this.select("form", forms, (value) => {
      this.form = value as Form;
      this.slide();
    });
    const marked = this.select("mark", MARKED, (value) => {
      this.marked = value as Marked;
    });
    this.element = h(
      "details",
      { class: "gad-options" },
      h("summary", {}, "view"),
      h(
        "div",
        {},
        ...this.axisChoices(),
        h("label", {}, "as ", form),
        h("label", {}, "scale of ", scale),
        h("label", {}, "mark ", marked),
        this.checkbox("contrast follows the pointer", (on) => {
          this.follows = on;
        }),
        h("span", {}, "copy ", copy("data", "data"), " · ", copy("gradient", "∇"), " ", copied),
      ),
    );
    this.slide();
  }

  dispose(): void {
    this.disposer.dispose();
  }

  private axisChoices(): HTMLElement[] {
    if (this.shape.length < 2) return [];
    const names = this.shape.map((length, axis) => `axis ${axis} (${length})`);
    const selects: Partial<Record<"row" | "col", HTMLSelectElement>> = {};
    const choose = (which: "row" | "col", value: string): void => {
      const axis = names.indexOf(value);
      this.axes = axis < 0 ? { ...this.axes, row: null } : withAxis(this.axes, which, axis);
      for (const side of ["row", "col"] as const) {
        const select = selects[side];
        if (select !== undefined) select.value = names[this.axes[side] ?? -1] ?? "none";
      }
      this.slide();
    };
    selects.row = this.select("rows", ["none", ...names], (value) => choose("row", value));
    selects.col = this.select("columns", names, (value) => choose("col", value));
    selects.row.value = names[this.axes.row ?? -1] ?? "none";
    selects.col.value = names[this.axes.col ?? -1] ?? "";
    return [h("label", {}, "rows ", selects.row), h("label", {}, "columns ", selects.col)];
  }

  /** The axes that the chosen form leaves open. */
  private held(): number[] {
    if (this.form === "all elements as a square") return [];
    const image = this.form === "image in colour" ? imageAxes(this.shape) : null;
    if (image === null) return heldAxes(this.shape, this.axes);
    return heldAxes(this.shape, { ...this.axes, ...image }).filter((axis) => axis !== image.channel);
  }

  /** One slider for each axis that is not shown. */
  private slide(): void {
    const rows = this.held().map((axis) => {
      const at = this.axes.at[axis] ?? 0;
      const shown = h("output", {}, String(at));
      const slider = h("input", {
        type: "range",
        min: 0,
        max: Math.max(0, (this.shape[axis] ?? 1) - 1),
        value: at,
        "aria-label": `index along axis ${axis}`,
      });
      slider.addEventListener("input", () => {
        const moved = [...this.axes.at];
        moved[axis] = Number(slider.value);
        this.axes = { ...this.axes, at: moved };
        setText(shown, slider.value);
        this.changed();
      });
      return h("label", {}, `axis ${axis}`, slider, shown);
    });
    this.sliders.replaceChildren(...rows);
  }

  private select(
    label: string,
    options: readonly string[],
    act: (value: string) => void,
  ): HTMLSelectElement {
    const select = h(
      "select",
      { class: "gad-select", "aria-label": label },
      ...options.map((value) => h("option", { value }, value)),
    );
    this.disposer.listen(select, "change", () => {
      act(select.value);
      this.changed();
    });
    return select;
  }

  private checkbox(label: string, act: (on: boolean) => void): HTMLElement {
    const box = h("input", { type: "checkbox" });
    this.disposer.listen(box, "change", () => {
      act(box.checked);
      this.changed();
    });
    return h("label", {}, box, label);
  }
}

/** A plane as Python writes a list; a row alone as a list of numbers. */
export function asList({ rows, cols, cells }: Plane): string {
  const write = (x: number): string => formatExact(x).replace(/\u2212/g, "-").toLowerCase().replace("∞", "inf");
  const row = (i: number): string =>
    `[${Array.from(cells.subarray(i * cols, (i + 1) * cols), write).join(", ")}]`;
  return rows === 1 ? row(0) : `[${Array.from({ length: rows }, (_, i) => row(i)).join(",\n ")}]`;
}

async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A frame without the permission still has the older way.
    const area = h("textarea", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) return "the browser did not allow it";
  }
  return "copied";
}
