// Operations and boxes: the other nodes of the diagram.
import { type Context } from "./context";
import { s, setAttribute, setText } from "./dom";
import { groupTitle, type SceneNode } from "./fold";
import type { Rect } from "./geometry";
import { clip, type NodeView, outline, shell } from "./nodes";
import { plural } from "./format";

/** A diamond with the op's glyph. */
export class OpNode implements NodeView {
  readonly element: SVGGElement;
  private readonly op: number;

  constructor(
    private readonly context: Context,
    node: SceneNode,
  ) {
    this.op = context.payload.nodes[node.index]?.ref ?? 0;
    const spec = context.payload.ops[this.op];
    this.element = shell(node, "op");
    const label = spec?.label ?? "";
    const size = Math.max(8, Math.min(14, (node.width * 0.72) / Math.max(1, label.length * 0.58)));
    const text = s("text", { class: "gad-glyph", y: size * 0.34, "font-size": size.toFixed(1) });
    text.textContent = label;
    const title = s("title");
    title.textContent = `${spec?.name ?? ""}: ${spec?.doc ?? ""}`;
    this.element.append(title, outline(node), text);
    setAttribute(this.element, "aria-label", `operation ${spec?.name ?? ""}`);
  }

  update(): void {
    const { timeline } = this.context;
    const position = this.context.position();
    const step = timeline.step(position);
    const state = timeline.sent(this.op, position)
      ? "sent"
      : timeline.ran(this.op, position)
        ? "ran"
        : "pending";
    this.element.dataset.state = state;
    const current = step?.op === this.op ? step.phase : null;
    setAttribute(this.element, "data-current", current);
  }
}

/** A closed box: its title, and how far the passes have come inside. */
export class ClosedBox implements NodeView {
  readonly element: SVGGElement;
  private readonly members: ReadonlySet<number>;
  private readonly forward: SVGRectElement;
  private readonly backward: SVGRectElement;
  private readonly length: number;

  constructor(
    private readonly context: Context,
    node: SceneNode,
    private readonly ops: readonly number[],
  ) {
    const { payload } = context;
    const group = node.index;
    this.members = new Set(ops);
    this.length = node.width - 24;
    const bar = { x: -this.length / 2, y: node.height / 2 - 8, height: 3, rx: 1.5 };
    this.forward = s("rect", { ...bar, class: "gad-bar-forward", width: 0 });
    this.backward = s("rect", { ...bar, class: "gad-bar-backward", width: 0 });
    const text = s("text", { class: "gad-box-text", y: 1 });
    text.textContent = `▸ ${clip(groupTitle(payload, group), node.width - 24, 6.4)}`;
    const title = s("title");
    title.textContent = payload.groups[group]?.summary ?? "";
    this.element = shell(node, "box");
    this.element.dataset.group = String(group);
    this.element.dataset.kind = payload.groups[group]?.kind ?? "module";
    this.element.append(
      title,
      outline(node),
      text,
      s("rect", { ...bar, class: "gad-bar", width: this.length }),
      this.forward,
      this.backward,
    );
    setAttribute(this.element, "aria-expanded", "false");
  }

  update(): void {
    const { timeline } = this.context;
    const position = this.context.position();
    let ran = 0;
    let sent = 0;
    for (const op of this.ops) {
      if (timeline.ran(op, position)) ran += 1;
      if (timeline.sent(op, position)) sent += 1;
    }
    const all = Math.max(1, this.ops.length);
    setAttribute(this.forward, "width", String((this.length * ran) / all));
    setAttribute(this.backward, "width", String((this.length * sent) / all));
    const step = timeline.step(position);
    const inside = step !== null && step.op !== null && this.members.has(step.op);
    setAttribute(this.element, "data-current", inside ? step.phase : null);
    const label = groupTitle(this.context.payload, Number(this.element.dataset.group));
    setAttribute(
      this.element,
      "aria-label",
      `closed box ${label}: ${plural(ran, "operation")} done, ${sent} sent back`,
    );
  }
}

/** An open box: a frame, and a title that closes it. */
export function openBox(
  context: Context,
  group: number,
  rect: Rect,
): { outline: SVGElement; title: SVGElement } {
  const spec = context.payload.groups[group];
  const title = s("text", { class: "gad-frame-title", x: rect.x + 12, y: rect.y + 17 });
  setText(title, `▾ ${clip(spec?.label ?? "", rect.width - 30, 6.6)}`);
  const hint = s("title");
  hint.textContent = spec?.summary ?? "";
  const button = s(
    "g",
    {
      class: "gad-frame-button",
      "data-group": group,
      "data-node": `g${group}`,
      tabindex: -1,
      role: "button",
      "aria-expanded": "true",
      "aria-label": `close the box ${spec?.label ?? ""}`,
    },
    hint,
    s("rect", {
      class: "gad-frame-hit",
      x: rect.x + 6,
      y: rect.y + 4,
      width: Math.min(rect.width - 12, (spec?.label.length ?? 0) * 6.6 + 30),
      height: 18,
      rx: 5,
    }),
    title,
  );
  const outline = s("rect", {
    class: "gad-frame-outline",
    "data-kind": spec?.kind ?? "module",
    x: rect.x,
    y: rect.y,
    width: rect.width,
    height: rect.height,
    rx: 9,
  });
  return { outline, title: button };
}
