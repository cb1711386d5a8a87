// One node of the diagram: drawn once, then only its state changes.
import type { Context } from "./context";
import { s, setAttribute } from "./dom";
import type { SceneNode } from "./fold";
import { formatElement, isUnderflow } from "./format";
import type { ValueSpec } from "./payload";
import { Badge, Panel, Slot } from "./slots";
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
