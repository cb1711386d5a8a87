// What the nodes of values are made of: places for numbers and heat maps, and a badge.
import { plane } from "./arrays";
import { type Context, gradientPeak } from "./context";
import { s, setAttribute, setText } from "./dom";
import { format } from "./format";
import { fillBox } from "./heatmap";
import type { Gradient } from "./state";
import type { Thumbnails } from "./thumbnails";

/** The place of one number in a circle. */
export class Slot {
  readonly element: SVGGElement;
  private readonly text: SVGTextElement;

  constructor(id: string, attribute: string, y: number, width: number) {
    const w = Math.min(30, width * 0.46);
    this.text = s("text", { class: "gad-number", [attribute]: true, y: 3.6 });
    this.element = s(
      "g",
      { class: `gad-slot gad-slot-${attribute.slice(5)}`, transform: `translate(0 ${y})` },
      s("rect", {
        class: "gad-blank",
        x: -w / 2,
        y: -5,
        width: w,
        height: 10,
        rx: 2,
        fill: `url(#${id}-hatch)`,
      }),
      this.text,
    );
  }

  show(text: string, state: string): void {
    this.element.dataset.slot = state;
    setText(this.text, text);
    this.text.classList.toggle("gad-number-long", text.length > 7);
  }
}

/** "1 of 2 arrived", while a gradient is a part of itself. */
export class Badge {
  readonly element: SVGGElement;
  private readonly text: SVGTextElement;
  private readonly pill: SVGRectElement;

  constructor(
    private readonly x: number,
    y: number,
    private readonly long: boolean,
  ) {
    this.text = s("text", { class: "gad-badge-text", y: 3.5 });
    this.pill = s("rect", { class: "gad-badge-pill", y: -8, height: 16, rx: 8 });
    this.element = s(
      "g",
      { class: "gad-badge", transform: `translate(0 ${y})` },
      this.pill,
      this.text,
    );
  }

  show(gradient: Gradient): void {
    const visible = gradient.state === "partial";
    this.element.classList.toggle("gad-badge-visible", visible);
    if (!visible) return;
    const text = `${gradient.arrived} of ${gradient.total}${this.long ? " arrived" : ""}`;
    const width = text.length * 5.9 + 12;
    const centre = this.long ? this.x - width / 2 : this.x;
    setText(this.text, text);
    setAttribute(this.text, "x", String(centre));
    setAttribute(this.pill, "x", String(centre - width / 2));
    setAttribute(this.pill, "width", String(width));
  }
}

/** The place of one heat map in a rectangle: hatched, blank or a picture. */
export class Panel {
  readonly element: SVGGElement;
  private readonly image: SVGImageElement;
  private readonly blank: SVGRectElement;
  private readonly mark: SVGTextElement;
  private shown = "";

  constructor(
    private readonly context: Context,
    private readonly value: number,
    private readonly of: "data" | "gradient",
    private readonly thumbnails: Thumbnails,
    x: number,
    y: number,
    private readonly room: { width: number; height: number },
  ) {
    const shape = context.payload.values[value]?.shape ?? [];
    const thumb = context.arrays.spec(context.payload.values[value]?.data ?? 0).thumb;
    const { rows, cols } = thumb ?? plane(shape);
    const size = fillBox(Math.max(1, rows), Math.max(1, cols), room.width, room.height);
    this.image = s("image", { class: "gad-thumb", preserveAspectRatio: "none" });
    this.blank = s("rect", {
      class: "gad-blank",
      width: size.width,
      height: size.height,
      fill: `url(#${context.id}-hatch)`,
      rx: 1.5,
    });
    this.mark = s("text", { class: "gad-mark", x: size.width / 2, y: size.height / 2 + 4 });
    this.element = s(
      "g",
      { class: `gad-panel gad-panel-${of}`, transform: `translate(${x} ${y})` },
      this.blank,
      this.image,
      this.mark,
    );
  }

  show(array: number | null, empty: "pending" | "none"): void {
    const theme = this.context.theme();
    const shown = `${array} ${empty} ${theme}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const spec = array === null ? null : this.context.arrays.spec(array);
    const peak =
      array === null
        ? 0
        : this.of === "data"
          ? this.context.arrays.peak(array)
          : gradientPeak(this.context, this.value);
    const { width, height } = this.room;
    const picture =
      array === null
        ? null
        : this.thumbnails.get(array, this.of, theme, peak, width, height);
    this.element.dataset.slot = array === null ? empty : "picture";
    if (picture === null) {
      this.image.removeAttribute("href");
      setText(this.mark, array === null && empty === "none" ? "–" : "");
      return;
    }
    setAttribute(this.image, "href", picture.url);
    setAttribute(this.image, "width", String(picture.width));
    setAttribute(this.image, "height", String(picture.height));
    // All zeros is a fact worth a glyph: it is not the same as blank.
    const zero = spec !== null && spec.size > 0 && spec.stats.zero === spec.size;
    const broken = spec !== null && spec.stats.nan + spec.stats.posinf + spec.stats.neginf > 0;
    this.element.dataset.slot = broken ? "broken" : "picture";
    setText(this.mark, zero ? format(0) : "");
  }
}
