// The diagram: an SVG that is built once per layout and then only changes its states.
import { ClosedBox, OpNode, openBox } from "./boxes";
import type { Context } from "./context";
import { Disposer, h, s, setAttribute } from "./dom";
import { opsByGroup, type Scene, type SceneNode } from "./fold";
import { type Layout, type Point, type Rect, union } from "./geometry";
import { icon, type IconName } from "./icons";
import { LinkView } from "./links";
import { createValue, type NodeView } from "./nodes";
import { PanZoom } from "./panzoom";
import { Thumbnails } from "./thumbnails";

const NEAR = 0.72; // below this scale labels are hard to read

/** What a layer draws on: the nodes and lines of the current layout, below and above them. */
export interface Drawn {
  svg: SVGSVGElement;
  scene: Scene;
  layout: Layout;
  links: readonly LinkView[];
  node(key: string): SVGElement | undefined;
  under: SVGGElement;
  over: SVGGElement;
}

/** Something that is drawn on the diagram besides its nodes and lines. */
export interface Layer {
  /** a new layout: what was drawn on the old one is gone */
  show(drawn: Drawn): void;
  /** another position or theme */
  update(): void;
}

export class Diagram {
  readonly element: HTMLElement;
  private readonly svg: SVGSVGElement;
  private readonly world = s("g");
  private readonly panzoom: PanZoom;
  private readonly thumbnails: Thumbnails;
  private readonly disposer = new Disposer();
  private readonly inside: number[][];
  private scene: Scene = { nodes: [], links: [], groups: [] };
  private layout: Layout | null = null;
  private readonly views = new Map<string, NodeView>();
  private readonly ofValue = new Map<number, NodeView[]>();
  private readonly ofOp = new Map<number, NodeView[]>();
  private readonly ofEdge = new Map<number, LinkView[]>();
  private boxes: NodeView[] = [];
  private links: LinkView[] = [];
  private stops: SVGElement[] = [];
  private touched: SVGElement[] = [];
  private chosen: SVGElement[] = [];
  private readonly under = s("g");
  private readonly over = s("g");

  constructor(
    private readonly context: Context,
    private readonly layers: readonly Layer[] = [],
  ) {
    this.inside = opsByGroup(context.payload);
    this.thumbnails = new Thumbnails(context.arrays);
    this.svg = s(
      "svg",
      { class: "gad-svg", role: "group", "aria-label": "diagram of values and operations" },
      hatch(context.id),
      this.world,
    );
    const button = (name: IconName, label: string, act: () => void): HTMLButtonElement => {
      const element = h("button", { type: "button", class: "gad-button", title: label });
      element.setAttribute("aria-label", label);
      element.append(icon(name));
      this.disposer.listen(element, "click", act);
      return element;
    };
    this.element = h(
      "div",
      { class: "gad-diagram" },
      this.svg,
      h(
        "div",
        { class: "gad-zoom" },
        button("plus", "zoom in (+)", () => this.zoom(1.25)),
        button("minus", "zoom out (−)", () => this.zoom(0.8)),
        button("fit", "fit the diagram (f)", () => this.fit()),
      ),
    );
    this.panzoom = new PanZoom(this.element, this.svg);
    this.disposer.add(() => this.panzoom.dispose());
    this.disposer.listen<MouseEvent>(this.element, "click", (event) => this.click(event));
    // On the pane: an SVG that listens to the focus would become a stop of its own.
    this.disposer.listen<FocusEvent>(this.element, "focusin", (event) => this.focused(event));
    const observer = new ResizeObserver(() => {
      this.measure();
      this.panzoom.refit(NEAR);
    });
    observer.observe(this.element);
    this.disposer.add(() => observer.disconnect());
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** The height that shows all of the drawing in a pane of this width. */
  naturalHeight(width: number): number {
    if (this.layout === null) return 0;
    const scale = Math.min(1, (width - 36) / this.layout.width);
    return this.layout.height * Math.max(scale, NEAR) + 44;
  }

  /** Builds the drawing for a layout. */
  show(scene: Scene, layout: Layout): void {
    this.scene = scene;
    this.layout = layout;
    this.views.clear();
    for (const table of [this.ofValue, this.ofOp, this.ofEdge]) table.clear();
    this.boxes = [];
    this.links = [];
    this.touched = [];
    this.chosen = [];

    // The outlines lie below the lines, the titles above them.
    const frames = s("g");
    const titles = s("g");
    for (const group of scene.groups) {
      const rect = layout.groups.get(group);
      if (rect === undefined) continue;
      const box = openBox(this.context, group, rect);
      frames.append(box.outline);
      titles.append(box.title);
    }
    const lines = s("g", { class: "gad-links" });
    for (const link of scene.links) {
      const placed = layout.links.get(link.id);
      if (placed === undefined) continue;
      const view = new LinkView(this.context, link, placed);
      for (const edge of link.edges) push(this.ofEdge, edge, view);
      this.links.push(view);
      lines.append(view.element);
    }
    const nodes = s("g", { class: "gad-nodes" });
    for (const node of readingOrder(scene, layout)) {
      const view = this.createNode(node);
      const { x, y } = layout.nodes.get(node.key) as Point;
      view.element.setAttribute("transform", `translate(${x} ${y})`);
      this.views.set(node.key, view);
      nodes.append(view.element);
    }
    this.world.replaceChildren(frames, this.under, lines, titles, nodes, this.over);
    this.stops = [...this.world.querySelectorAll<SVGElement>("[tabindex]")];
    this.stops[0]?.setAttribute("tabindex", "0");
    this.panzoom.setSize(layout.width, layout.height);
    setAttribute(this.svg, "data-layout", layout.engine);
    this.under.replaceChildren();
    this.over.replaceChildren();
    const { svg, links, under, over } = this;
    const node = (key: string): SVGElement | undefined => this.views.get(key)?.element;
    for (const layer of this.layers) layer.show({ svg, scene, layout, links, node, under, over });
    this.updateAll();
  }

  private createNode(node: SceneNode): NodeView {
    if (node.kind === "group") {
      const box = new ClosedBox(this.context, node, this.inside[node.index] ?? []);
      this.boxes.push(box);
      return box;
    }
    const ref = this.context.payload.nodes[node.index]?.ref ?? 0;
    if (node.kind === "op") {
      const view = new OpNode(this.context, node);
      push(this.ofOp, ref, view);
      return view;
    }
    const view = createValue(this.context, node, this.thumbnails);
    push(this.ofValue, ref, view);
    return view;
  }

  updateAll(): void {
    for (const view of this.views.values()) view.update();
    for (const link of this.links) link.update();
    for (const layer of this.layers) layer.update();
    this.mark();
  }

  /** Draws what differs between two positions, and nothing else. */
  move(from: number, to: number): void {
    const changes = this.context.timeline.changes(from, to);
    for (const value of changes.values) this.ofValue.get(value)?.forEach((view) => view.update());
    for (const op of changes.ops) this.ofOp.get(op)?.forEach((view) => view.update());
    for (const edge of changes.edges) this.ofEdge.get(edge)?.forEach((link) => link.update());
    for (const box of this.boxes) box.update();
    for (const layer of this.layers) layer.update();
    this.mark();
  }

  /** Marks the values that the current step touches. */
  private mark(): void {
    const position = this.context.position();
    for (const element of this.touched) element.removeAttribute("data-touched");
    this.touched = [];
    const phase = this.context.timeline.step(position)?.phase ?? "";
    for (const value of this.context.timeline.touched(position)) {
      for (const view of this.ofValue.get(value) ?? []) {
        view.element.setAttribute("data-touched", phase);
        this.touched.push(view.element);
      }
    }
  }

  /** Marks the selected node, its copies, or the closed box that hides it. */
  select(keys: ReadonlySet<string>): void {
    for (const element of this.chosen) {
      element.classList.remove("gad-selected");
      element.setAttribute("aria-pressed", "false");
    }
    this.chosen = [];
    for (const key of keys) {
      const element = this.views.get(key)?.element;
      if (element === undefined) continue;
      element.classList.add("gad-selected");
      element.setAttribute("aria-pressed", "true");
      this.chosen.push(element);
    }
  }

  /** Puts a dot on the nodes that have a breakpoint. */
  markBreakpoints(keys: ReadonlySet<string>): void {
    for (const [key, { element }] of this.views) {
      const marked = keys.has(key.split(".")[0] ?? "");
      const dot = element.querySelector(".gad-dot");
      if (marked && dot === null) element.append(breakpointDot(element.getBBox()));
      else if (!marked) dot?.remove();
    }
  }

  zoom(factor: number): void {
    this.panzoom.zoom(factor);
  }

  fit(): void {
    this.panzoom.fit();
  }

  /** Whether the user has chosen what is in view. */
  get movedByUser(): boolean {
    return this.panzoom.touched;
  }

  private measure(): void {
    this.panzoom.setView(this.element.clientWidth, this.element.clientHeight);
  }

  /** Shows all where it can be read, else the part that comes first. */
  fitReadable(): void {
    this.measure();
    this.panzoom.fit(NEAR);
  }

  /** Brings a node into view, and those beside it as far as there is room for all. */
  reveal(keys: Iterable<string>, beside: Iterable<string>[] = []): void {
    const rect = this.rectOf(keys);
    if (rect === null) return;
    const others = beside.map((other) => this.rectOf(other)).filter((other) => other !== null);
    const all = others.reduce(union, rect);
    this.panzoom.reveal(this.panzoom.hasRoomFor(all) ? all : rect);
  }

  private rectOf(keys: Iterable<string>): Rect | null {
    for (const key of keys) {
      const node = this.scene.nodes.find((candidate) => candidate.key === key);
      const centre = this.layout?.nodes.get(key);
      if (node === undefined || centre === undefined) continue;
      const { width, height } = node;
      return { x: centre.x - width / 2, y: centre.y - height / 2, width, height };
    }
    return null;
  }

  /** Puts the focus on a node, so that the keys go on from there. */
  focusNode(key: string): void {
    this.views.get(key)?.element.focus({ preventScroll: true });
  }

  /** Moves the focus among the nodes, in reading order. */
  focusNext(by: number): void {
    const here = this.stops.indexOf(document.activeElement as SVGElement);
    const next = this.stops[here + by];
    if (here >= 0 && next !== undefined) next.focus({ preventScroll: true });
  }

  private focused(event: FocusEvent): void {
    const element = (event.target as Element).closest<SVGElement>("[tabindex]");
    if (element === null) return;
    for (const stop of this.stops) setAttribute(stop, "tabindex", stop === element ? "0" : "-1");
    // Only the keyboard needs the view to follow: under the pointer it would slip away.
    if (element.matches(":focus-visible")) this.reveal([element.dataset.node ?? ""]);
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    if (this.panzoom.dragged || target.closest(".gad-zoom, .gad-corner") !== null) return;
    const sign = target.closest<SVGElement>("[data-sign]");
    if (sign !== null) {
      this.context.diagnosing.open(Number(sign.dataset.findings?.split(" ")[0]));
      return;
    }
    const hit = target.closest<SVGElement>("[data-node]");
    if (hit === null) this.context.select("");
    else this.activate(hit);
  }

  /** What Enter or a click does: open or close a box, select a node. */
  activate(element: Element): void {
    const { group, node } = (element as SVGElement).dataset;
    if (group !== undefined) this.context.toggleGroup(Number(group));
    else if (node !== undefined) this.context.select(node.split(".")[0] ?? "");
  }
}

function push<K, V>(table: Map<K, V[]>, key: K, value: V): void {
  const list = table.get(key);
  if (list === undefined) table.set(key, [value]);
  else list.push(value);
}

/** Top to bottom, then left to right: the order in which Tab and the arrows go. */
function readingOrder(scene: Scene, layout: Layout): SceneNode[] {
  const at = (node: SceneNode): Point => layout.nodes.get(node.key) ?? { x: 0, y: 0 };
  return [...scene.nodes].sort((a, b) => at(a).y - at(b).y || at(a).x - at(b).x);
}

function breakpointDot(box: DOMRect): SVGElement {
  return s("circle", { class: "gad-dot", cx: box.x + 3, cy: box.y + 3, r: 5 });
}

function hatch(id: string): SVGDefsElement {
  return s(
    "defs",
    {},
    s(
      "pattern",
      {
        id: `${id}-hatch`,
        width: 5,
        height: 5,
        patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)",
      },
      s("rect", { class: "gad-hatch-ground", width: 5, height: 5 }),
      s("rect", { class: "gad-hatch-line", width: 1.1, height: 5 }),
    ),
  );
}
