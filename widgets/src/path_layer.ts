// A path through the diagram: its lines and nodes stand out, all else steps back.
import type { Context } from "./context";
import type { Drawn, Layer } from "./diagram";
import { setAttribute } from "./dom";

export class PathLayer implements Layer {
  private drawn: Drawn | null = null;
  private path: ReadonlySet<number> = new Set();

  constructor(private readonly context: Context) {}

  show(drawn: Drawn): void {
    this.drawn = drawn;
    this.draw();
  }

  update(): void {
    // A path does not change from step to step.
  }

  /** Marks the edges of a path; none: nothing. */
  mark(edges: readonly number[]): void {
    if (edges.length === 0 && this.path.size === 0) return;
    this.path = new Set(edges);
    this.draw();
  }

  private draw(): void {
    if (this.drawn === null) return;
    const { path, drawn } = this;
    const { edges } = this.context.payload;
    setAttribute(drawn.svg, "data-path", path.size > 0 ? String(path.size) : null);
    for (const link of drawn.links) {
      const on = link.all.some((edge) => path.has(edge));
      setAttribute(link.element, "data-on-path", on ? "true" : null);
    }
    const ends = new Set([...path].flatMap((edge) => [`v${edges[edge]?.value}`, `o${edges[edge]?.op}`]));
    for (const { key } of drawn.scene.nodes) {
      const element = drawn.node(key);
      const on = ends.has(key.split(".")[0] ?? "");
      if (element !== undefined) setAttribute(element, "data-on-path", on ? "true" : null);
    }
  }
}
