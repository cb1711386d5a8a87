// Nodes and edges coloured by the size of the gradient that has come there, and the legend of it.
import type { Context } from "./context";
import type { Drawn, Layer } from "./diagram";
import { Disposer, h, s, setAttribute, setText } from "./dom";
import { isSmall, opsByGroup, type SceneNode } from "./fold";
import { format } from "./format";
import type { LinkView } from "./links";
import type { SizesSpec } from "./payload";
import { decades, decadesText, fill, place, ramp, rms, stroke, width } from "./sizes";

/** What nodes and edges are coloured by. */
export type Colour = "step" | "gradient";

interface Tag {
  element: SVGGElement;
  text: SVGTextElement;
  pill: SVGRectElement;
}

export class SizesLayer implements Layer {
  /** the button and, while it is on, the legend */
  readonly control: HTMLElement;
  on = false;
  private readonly legend = h("div", { class: "gad-sizes-legend" });
  private readonly bar = h("div", { class: "gad-sizes-bar" });
  private readonly button: HTMLButtonElement;
  private readonly disposer = new Disposer();
  private readonly tags = s("g", { class: "gad-sizes-tags", "aria-hidden": "true" });
  private readonly tagOf = new Map<string, Tag>();
  private readonly shown = new Map<Element, string>();
  private readonly inside = new Map<number, { position: number; size: number }[]>();
  private drawn: Drawn | null = null;

  constructor(
    private readonly context: Context,
    changed: (on: boolean) => void,
  ) {
    this.button = h(
      "button",
      {
        type: "button",
        class: "gad-button gad-button-text gad-sizes-button",
        "aria-pressed": "false",
        title: "colour by the size of the gradient (s)",
      },
      "colour by ‖A∇‖",
    );
    this.disposer.listen(this.button, "click", () => changed(!this.on));
    this.legend.hidden = true;
    this.control = h("div", { class: "gad-corner gad-sizes" }, this.legend, this.button);
    // A lecture's scalar graph shows its controls and nothing else, until the key is pressed.
    this.control.hidden = context.payload.sizes === null || isSmall(context.payload);
    this.fillLegend();
  }

  dispose(): void {
    this.disposer.dispose();
  }

  set(on: boolean): void {
    this.on = on && this.context.payload.sizes !== null;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.legend.hidden = !this.on;
    if (this.on) this.control.hidden = false;
    this.update();
  }

  show(drawn: Drawn): void {
    this.drawn = drawn;
    this.shown.clear();
    this.tagOf.clear();
    this.tags.replaceChildren();
    drawn.over.append(this.tags);
  }

  update(): void {
    const { drawn } = this;
    if (drawn === null) return;
    this.tags.toggleAttribute("hidden", !this.on);
    setAttribute(drawn.svg, "data-colour", this.on ? "gradient" : null);
    if (!this.on) return;
    this.bar.style.background = ramp(this.context.theme());
    for (const node of drawn.scene.nodes) this.updateNode(drawn, node);
    for (const link of drawn.links) this.updateLink(link);
  }

  private updateNode(drawn: Drawn, node: SceneNode): void {
    if (node.kind === "group") {
      this.updateBox(drawn, node);
      return;
    }
    const element = drawn.node(node.key);
    const spec = this.context.payload.nodes[node.index];
    if (element === undefined || spec === undefined) return;
    const size = node.kind === "op" ? this.sizeRead(spec.ref) : this.sizeOf(spec.ref);
    this.paint(element, size, fill);
    if (node.kind === "value" && !spec.copy) this.tag(drawn, node, size === null ? [] : [size]);
  }

  /** A closed box has the colour of the median of what has arrived inside, and its range. */
  private updateBox(drawn: Drawn, node: SceneNode): void {
    const element = drawn.node(node.key);
    if (element === undefined) return;
    const position = this.context.position();
    const sizes = this.sizesInside(node.index)
      .flatMap((arrival) => (arrival.position <= position ? [arrival.size] : []))
      .sort((a, b) => a - b);
    this.paint(element, sizes[Math.floor(sizes.length / 2)] ?? null, fill);
    this.tag(drawn, node, sizes.length < 2 ? sizes : [sizes[0] ?? 0, sizes.at(-1) ?? 0]);
  }

  /** The positions from which the gradients inside a box are whole, and their sizes. */
  private sizesInside(group: number): { position: number; size: number }[] {
    const known = this.inside.get(group);
    if (known !== undefined) return known;
    const { payload, timeline, arrays } = this.context;
    const found = (opsByGroup(payload)[group] ?? [])
      .flatMap((op) => payload.ops[op]?.outputs ?? [])
      .flatMap((value) => {
        const last = timeline.arrivals(value).at(-1);
        const size = last === undefined ? Number.NaN : rms(arrays.spec(last.array));
        return last === undefined || Number.isNaN(size) ? [] : [{ position: last.position, size }];
      });
    this.inside.set(group, found);
    return found;
  }

  /** The size of what a value's gradient has come to; null before anything has arrived. */
  private sizeOf(value: number): number | null {
    const { array } = this.context.timeline.gradient(value, this.context.position());
    return array === null ? null : rms(this.context.arrays.spec(array));
  }

  /** The size of the gradient that an op has read, the largest where it made several values. */
  private sizeRead(op: number): number | null {
    const { timeline, payload, arrays } = this.context;
    if (!timeline.sent(op, this.context.position())) return null;
    const sizes = (payload.ops[op]?.outputs ?? []).flatMap((value) => {
      const array = payload.values[value]?.gradient;
      return array == null ? [] : [rms(arrays.spec(array))];
    });
    return sizes.length === 0 ? null : Math.max(...sizes);
  }

  private updateLink(link: LinkView): void {
    const { timeline, payload, arrays } = this.context;
    const position = this.context.position();
    const sizes = link.edges.flatMap((index) => {
      const edge = payload.edges[index];
      if (edge === undefined || !edge.carries_gradient) return [];
      if (!edge.is_input) {
        const read = this.sizeRead(edge.op);
        return read === null ? [] : [read];
      }
      const arrived = edge.contribution !== null && timeline.hasArrived(index, position);
      return arrived ? [rms(arrays.spec(edge.contribution as number))] : [];
    });
    const size = sizes.length === 0 ? null : Math.max(...sizes);
    this.paint(link.element, size, stroke);
  }

  /** Sets the colour of an element, and for an edge its width; only where they change. */
  private paint(element: SVGElement, size: number | null, colour: typeof fill): void {
    const scale = this.context.payload.sizes;
    const theme = this.context.theme();
    const shown = `${size} ${theme}`;
    if (scale === null || this.shown.get(element) === shown) return;
    this.shown.set(element, shown);
    if (size === null) {
      element.removeAttribute("data-size");
      return;
    }
    const x = place(scale, size);
    if (colour === stroke) describe(element, scale, size);
    element.setAttribute("data-size", x !== null ? decades(scale, size).toFixed(2) : size === 0 ? "zero" : "NaN");
    if (x === null) return;
    element.style.setProperty("--gad-size", colour(theme, x));
    if (colour === stroke) element.style.setProperty("--gad-size-width", `${width(x).toFixed(2)}px`);
  }

  /** Writes the decades of a size, or from the smallest to the largest, at a node's corner. */
  private tag(drawn: Drawn, node: SceneNode, sizes: readonly number[]): void {
    const centre = drawn.layout.nodes.get(node.key);
    const scale = this.context.payload.sizes;
    let tag = this.tagOf.get(node.key);
    if (sizes.length === 0 || scale === null || centre === undefined) {
      tag?.element.setAttribute("hidden", "");
      return;
    }
    if (tag === undefined) {
      tag = makeTag();
      this.tagOf.set(node.key, tag);
      this.tags.append(tag.element);
    }
    const ends = new Set(sizes.map((size) => decadesText(decades(scale, size))));
    const text = [...ends].join(" … ");
    tag.element.removeAttribute("hidden");
    tag.element.dataset.tag = node.key;
    setText(tag.text, text);
    const long = text.length * 6.1 + 9;
    const round = node.shape === "circle" ? 0.36 : 0.5;
    setAttribute(tag.pill, "width", String(long));
    setAttribute(tag.pill, "x", String(-long / 2));
    const x = centre.x + node.width * round - (round === 0.5 ? long / 2 - 6 : -8);
    const y = centre.y + node.height * round + (round === 0.5 ? 1 : 0);
    setAttribute(tag.element, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
  }

  /** What has no place on the scale, of what there is. */
  private marks(): string[] {
    const { values, arrays } = this.context.payload;
    const sizes = values.flatMap(({ gradient }) => {
      const spec = arrays[gradient ?? -1];
      return spec === undefined ? [] : [rms(spec)];
    });
    return [
      "plain: not arrived, or none",
      ...(sizes.includes(0) ? ["dotted: exactly 0"] : []),
      ...(sizes.some(Number.isNaN) ? ["red, dashed: NaN or Inf"] : []),
    ];
  }

  private fillLegend(): void {
    const scale = this.context.payload.sizes;
    if (scale === null) return;
    const step = Math.max(1, Math.ceil(scale.span / 3));
    const ticks: HTMLElement[] = [];
    for (let d = -Math.floor(scale.span / step) * step; d <= scale.span; d += step) {
      const tick = h("span", {}, d === 0 ? "0" : `${d < 0 ? "−" : "+"}${Math.abs(d)}`);
      tick.style.left = `${(d / scale.span + 1) * 50}%`;
      ticks.push(tick);
    }
    const wedge = s(
      "svg",
      { class: "gad-sizes-wedge", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      s("path", { d: "M0 2.5L100 0V6L0 3.5Z" }),
    );
    this.legend.append(
      h("p", {}, "size of A∇ per element (RMS), in decades from the median ", h("b", {}, format(scale.centre))),
      this.bar,
      h("div", { class: "gad-sizes-ticks" }, ...ticks),
      wedge,
      h("p", { class: "gad-sizes-note" }, ["edges: the wider the larger", ...this.marks()].join(" · ")),
    );
  }
}

/** The tooltip of an edge. */
function describe(edge: SVGElement, scale: SizesSpec, size: number): void {
  const known = edge.querySelector("title");
  const title = known ?? s("title");
  const x = decades(scale, size);
  const above = Number.isFinite(x) ? `, ${decadesText(x)} decades from the median` : "";
  setText(title, `gradient sent: RMS ${format(size)}${above}`);
  if (known === null) edge.prepend(title);
}

function makeTag(): Tag {
  const text = s("text", { class: "gad-size-text", y: 3.4 });
  const pill = s("rect", { class: "gad-size-pill", y: -7, height: 14, rx: 7 });
  return { text, pill, element: s("g", {}, pill, text) };
}
