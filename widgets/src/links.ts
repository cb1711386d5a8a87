// The lines of the diagram. A line that carries a gradient back turns round and changes colour.
import type { Context } from "./context";
import { s, setAttribute, setText } from "./dom";
import type { SceneLink } from "./fold";
import { arrowPath, linkPath, middle, type PlacedLink } from "./geometry";
import type { LinkState } from "./state";

const HALF_WIDTH = 3.6;
const HALF_WIDTH_CURRENT = 5;

export class LinkView {
  readonly element: SVGGElement;
  private readonly line = s("path", { class: "gad-line" });
  private readonly head = s("path", { class: "gad-head" });
  /** the edges that say what has been sent, and all */
  readonly edges: number[];
  readonly all: number[];
  private shown = "";

  constructor(
    private readonly context: Context,
    link: SceneLink,
    readonly placed: PlacedLink,
  ) {
    const { edges, ops } = context.payload;
    // Of a merged or shortened link, the edges into ops say what has been sent.
    const inputs = link.edges.filter((edge) => edges[edge]?.is_input);
    this.edges = inputs.length > 0 ? inputs : link.edges;
    this.all = link.edges;
    this.element = s("g", { class: "gad-link", "data-edges": link.edges.join(" ") });
    this.element.append(this.line, this.head);
    if (link.through !== null) {
      const { x, y } = middle(placed);
      const text = s("text", { class: "gad-through", x: x + 5, y: y + 4 });
      setText(text, ops[link.through]?.label ?? "");
      this.element.append(text);
    } else if (link.edges.length > 1) {
      setAttribute(this.element, "data-merged", String(link.edges.length));
    }
  }

  update(): void {
    const state = this.state();
    const shown = `${state.direction} ${state.current}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const arrow = state.direction === "backward" ? "start" : "end";
    const half = state.current ? HALF_WIDTH_CURRENT : HALF_WIDTH;
    this.element.dataset.direction = state.direction;
    setAttribute(this.element, "data-current", state.current ? "true" : null);
    this.line.setAttribute("d", linkPath(this.placed, arrow));
    this.head.setAttribute("d", arrowPath(this.placed, arrow, half));
  }

  private state(): LinkState {
    const { timeline } = this.context;
    const position = this.context.position();
    const rank = { idle: 0, forward: 1, backward: 2 };
    const merged: LinkState = { direction: "idle", current: false };
    for (const edge of this.edges) {
      const state = timeline.edge(edge, position);
      merged.current ||= state.current;
      if (rank[state.direction] > rank[merged.direction]) merged.direction = state.direction;
    }
    return merged;
  }
}
