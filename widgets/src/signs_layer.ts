// Over the diagram: a badge at every node that a finding blames, and the way there from the loss.
import { badge } from "./badge";
import type { Context } from "./context";
import type { Drawn, Layer } from "./diagram";
import { s, setAttribute } from "./dom";
import { signs } from "./findings";
import { linkPath, type Point } from "./geometry";
import type { SceneNode } from "./fold";

export class SignsLayer implements Layer {
  private drawn: Drawn | null = null;
  private described: SVGElement[] = [];
  private readonly ways = s("g", { class: "gad-ways" });
  private readonly badges = s("g", { class: "gad-signs", "aria-hidden": "true" });

  constructor(
    private readonly context: Context,
    private readonly open: () => ReadonlySet<number>,
  ) {}

  show(drawn: Drawn): void {
    this.drawn = drawn;
    drawn.under.append(this.ways);
    drawn.over.append(this.badges);
    this.draw();
  }

  update(): void {
    // Where a finding shows does not change from step to step.
  }

  /** Draws the badges and the way anew. */
  draw(): void {
    const { drawn } = this;
    if (drawn === null) return;
    const { diagnosis, opened, way } = this.context.diagnosing;
    for (const element of this.described) element.removeAttribute("aria-description");
    this.described = [];
    const badges: SVGElement[] = [];
    if (diagnosis !== null) {
      const nodes = new Map(drawn.scene.nodes.map((node) => [node.key, node]));
      const seen = (key: string): boolean => nodes.has(key);
      for (const [key, sign] of signs(this.context.payload, diagnosis, this.open(), seen)) {
        const node = nodes.get(key);
        const centre = drawn.layout.nodes.get(key);
        if (node === undefined || centre === undefined) continue;
        const { x, y } = corner(node, centre);
        const mark = badge(sign.severity, sign.findings.length);
        mark.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
        mark.dataset.sign = key;
        mark.dataset.findings = sign.findings.join(" ");
        const told = sign.findings.map((index) => {
          const finding = diagnosis.findings[index];
          return `${finding?.severity}, ${finding?.kind}: ${finding?.title}`;
        });
        const title = s("title");
        title.textContent = told.join("\n");
        mark.prepend(title);
        setAttribute(mark, "data-opened", sign.findings.includes(opened) ? "true" : null);
        badges.push(mark);
        const element = drawn.node(key);
        if (element === undefined) continue;
        element.setAttribute("aria-description", told.join("; "));
        this.described.push(element);
      }
    }
    this.badges.replaceChildren(...badges);
    const bands = drawn.links.flatMap(({ all, placed }) =>
      all.some((edge) => way.edges.has(edge))
        ? [s("path", { class: "gad-way", "data-edges": all.join(" "), d: linkPath(placed, "end") })]
        : [],
    );
    this.ways.replaceChildren(...bands);
  }
}

/** Where a node's badge is: on its right, where no line of the way down begins or ends. */
function corner({ shape, width: w, height: h }: SceneNode, { x, y }: Point): Point {
  if (shape === "diamond") return { x: x + w * 0.32, y: y - h * 0.36 };
  if (shape === "circle") return { x: x + w * 0.48, y: y - h * 0.14 };
  return { x: x + w / 2, y };
}
