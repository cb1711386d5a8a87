// One node of the diagram: drawn once, then only its state changes.
import { type Context, gradientPeak } from "./context";
import { s, setAttribute, setText } from "./dom";
import type { SceneNode } from "./fold";
import { fillBox } from "./heatmap";
import { plane } from "./arrays";
import { format, formatElement, isUnderflow } from "./format";
import type { ValueSpec } from "./payload";
import type { Gradient } from "./state";
import type { Thumbnails } from "./thumbnails";

export interface NodeView {
  readonly element: SVGGElement;
  /** draws the state at the current position */
  update(): void;
}

const PAD = 7;
const HEADER = 22;

/** Cuts a text to what fits, by the average width of its characters. */
export function clip(text: string, width: number, character: number): string {
  const room = Math.max(1, Math.floor(width / character));
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
}

export function outline(node: SceneNode): SVGElement {
  const { width: w, height: h } = node;
  const attributes = { class: "gad-outline" };
  if (node.shape === "circle") return s("circle", { ...attributes, r: w / 2 });
  if (node.shape === "diamond") {
    const points = `0,${-h / 2} ${w / 2},0 0,${h / 2} ${-w / 2},0`;
    return s("polygon", { ...attributes, points });
  }
  return s("rect", { ...attributes, x: -w / 2, y: -h / 2, width: w, height: h, rx: 7 });
}

export function shell(node: SceneNode, kind: string): SVGGElement {
  return s("g", {
    class: `gad-node gad-${kind} gad-shape-${node.shape}`,
    "data-node": node.key,
    tabindex: -1,
    role: "button",
  });
}

export function createValue(
  context: Context,
  node: SceneNode,
  thumbnails: Thumbnails,
): NodeView {
  const spec = context.payload.nodes[node.index];
  const value = spec?.ref ?? 0;
  if (spec?.copy === true) return new CopyNode(context, node, value);
  return node.shape === "circle"
    ? new ScalarNode(context, node, value)
    : new ArrayNode(context, node, value, thumbnails);
}

abstract class ValueNode implements NodeView {
  readonly element: SVGGElement;
  protected readonly spec: ValueSpec;

  constructor(
    protected readonly context: Context,
    protected readonly node: SceneNode,
    protected readonly value: number,
    kind: string,
  ) {
    this.spec = context.payload.values[value] as ValueSpec;
    this.element = shell(node, kind);
    this.element.dataset.role = this.spec.role;
    this.element.append(outline(node));
  }

  update(): void {
    const position = this.context.position();
    const filled = this.context.timeline.filled(this.value, position);
    const gradient = this.context.timeline.gradient(this.value, position);
    this.element.dataset.state = filled ? "filled" : "pending";
    this.element.dataset.gradient = gradient.state;
    setAttribute(this.element, "aria-label", this.describe(filled, gradient));
    this.draw(filled, gradient);
  }

  protected abstract draw(filled: boolean, gradient: Gradient): void;

  private describe(filled: boolean, gradient: Gradient): string {
    const states = {
      none: this.spec.no_gradient || "no gradient",
      pending: "gradient not reached yet",
      partial: `gradient ${gradient.arrived} of ${gradient.total} arrived`,
      arrived: "gradient arrived",
    };
    const data = filled ? this.text(this.spec.data) : "not computed yet";
    const grad = gradient.array === null ? "" : ` ${this.text(gradient.array)}`;
    const { label, role, shape_label: shape } = this.spec;
    return `${label}, ${role} ${shape}: ${data}; ${states[gradient.state]}${grad}`;
  }

  private text(array: number): string {
    const spec = this.context.arrays.spec(array);
    if (spec.size !== 1) return "";
    return formatElement(this.context.arrays.scalar(array), spec.dtype);
  }
}

/** A small stand-in of a value with many uses. */
class CopyNode extends ValueNode {
  constructor(context: Context, node: SceneNode, value: number) {
    super(context, node, value, "copy");
    const text = s("text", { class: "gad-name gad-name-small", y: 4 });
    text.textContent = clip(this.spec.label, node.width - 8, 6.5);
    this.element.append(text);
  }

  protected draw(): void {
    // Its state shows in its colours alone.
  }
}

/** A circle: name, value and gradient as numbers. */
class ScalarNode extends ValueNode {
  private readonly data: Slot;
  private readonly grad: Slot;
  private readonly badge: Badge;

  constructor(context: Context, node: SceneNode, value: number) {
    super(context, node, value, "value");
    const r = node.width / 2;
    const name = s("text", { class: "gad-name", y: -r * 0.3 });
    name.textContent = clip(this.spec.label, node.width * 0.8, 8);
    this.data = new Slot(context.id, "data-value", r * 0.14, node.width);
    this.grad = new Slot(context.id, "data-grad", r * 0.58, node.width);
    this.badge = new Badge(r * 0.8, -r * 0.8, false);
    this.element.append(name, this.data.element, this.grad.element, this.badge.element);
  }

  protected draw(filled: boolean, gradient: Gradient): void {
    this.show(this.data, filled ? this.spec.data : null, filled ? "number" : "pending");
    const empty = gradient.state === "none" ? "none" : "pending";
    this.show(this.grad, gradient.array, gradient.array === null ? empty : "number");
    this.badge.show(gradient);
  }

  private show(slot: Slot, array: number | null, state: "number" | "pending" | "none"): void {
    if (array === null) {
      slot.show(state === "none" ? "–" : "", state);
      return;
    }
    const { dtype } = this.context.arrays.spec(array);
    const x = this.context.arrays.scalar(array);
    const kind = Number.isFinite(x) ? (isUnderflow(x, dtype) ? "underflow" : "number") : "broken";
    slot.show(formatElement(x, dtype), kind);
  }
}

/** The place of one number in a circle. */
class Slot {
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
class Badge {
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

/** A rectangle: name, shape, and the heat maps of data and gradient side by side. */
class ArrayNode extends ValueNode {
  private readonly data: Panel;
  private readonly grad: Panel;
  private readonly badge: Badge;

  constructor(
    context: Context,
    node: SceneNode,
    value: number,
    thumbnails: Thumbnails,
  ) {
    super(context, node, value, "value");
    const { width: w, height: h } = node;
    const shape = s("text", { class: "gad-shape-text", x: w / 2 - PAD, y: -h / 2 + 15 });
    shape.textContent = this.spec.shape_label;
    const room = w - 2 * PAD - this.spec.shape_label.length * 5.6 - 4;
    const name = s("text", { class: "gad-name gad-name-start", x: -w / 2 + PAD, y: -h / 2 + 16 });
    name.textContent = clip(this.spec.label, room, 7.5);
    const title = s("title");
    title.textContent = `${this.spec.label} ${this.spec.shape_label} ${this.spec.dtype}`;
    const panel = { width: (w - 3 * PAD) / 2, height: h - HEADER - PAD };
    const top = -h / 2 + HEADER;
    this.data = new Panel(context, value, "data", thumbnails, -w / 2 + PAD, top, panel);
    this.grad = new Panel(context, value, "gradient", thumbnails, PAD / 2, top, panel);
    this.badge = new Badge(w / 2 + 6, -h / 2 - 3, w >= 96);
    this.element.append(
      title,
      name,
      shape,
      this.data.element,
      this.grad.element,
      this.badge.element,
    );
  }

  protected draw(filled: boolean, gradient: Gradient): void {
    this.data.show(filled ? this.spec.data : null, "pending");
    this.grad.show(gradient.array, gradient.state === "none" ? "none" : "pending");
    this.badge.show(gradient);
  }
}

/** The place of one heat map in a rectangle: hatched, blank or a picture. */
class Panel {
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
