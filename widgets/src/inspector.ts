// The right pane: the selected node, or else the step that was just done.
import { type Context, parseKey } from "./context";
import { Disposer, h, setText } from "./dom";
import { closeButton } from "./icons";
import { OpPanel } from "./inspect_op";
import { ValuePanel } from "./inspect_value";
import { NodeActions } from "./node_actions";
import { NodeFindings } from "./node_findings";

type Panel = OpPanel | ValuePanel;

export class Inspector {
  readonly element: HTMLElement;
  private body = h("div", { class: "gad-pane-body" });
  private readonly heading = h("span");
  private readonly sentence = h("p", { class: "gad-sentence" });
  private readonly disposer = new Disposer();
  private panel: Panel | null = null;
  private actions: NodeActions | null = null;
  private readonly signs: NodeFindings;
  private shown = "";

  constructor(
    private readonly context: Context,
    close: () => void,
  ) {
    this.signs = new NodeFindings(context);
    const button = closeButton("close the inspector");
    this.disposer.listen(button, "click", close);
    this.element = h(
      "aside",
      { class: "gad-pane gad-inspector", "aria-label": "inspector" },
      h("div", { class: "gad-pane-head" }, this.heading, button),
      this.body,
    );
  }

  dispose(): void {
    this.panel?.dispose();
    this.actions?.dispose();
    this.disposer.dispose();
  }

  update(): void {
    if (this.element.hidden) return;
    const step = this.context.timeline.step(this.context.position());
    const selected = this.context.selected();
    const follows = step?.op == null ? step?.reads[0] : null;
    const current = step === null ? "" : follows == null ? `o${step.op}` : `v${follows}`;
    const key = selected === "" ? current : selected;
    setText(this.heading, selected === "" ? "this step" : "selected");
    if (key !== this.shown) this.open(key);
    if (selected === "") {
      const { timeline } = this.context;
      setText(this.sentence, timeline.sentence(this.context.position()) ?? START);
    }
    this.sentence.hidden = selected !== "";
    this.signs.draw(key);
    this.panel?.update();
    this.actions?.update();
  }

  private open(key: string): void {
    this.shown = key;
    this.panel?.dispose();
    const node = parseKey(this.context.payload, key);
    if (node === null) this.panel = null;
    else if (node.kind === "op") this.panel = new OpPanel(this.context, node.ref);
    else this.panel = new ValuePanel(this.context, node.ref);
    this.actions?.dispose();
    this.actions = node === null ? null : new NodeActions(this.context, key);
    if (this.panel?.checkable) this.actions?.element.prepend(this.panel.check.button);
    this.panel?.element.querySelector(".gad-title")?.append(this.actions?.element ?? "");
    // A new scroller starts at its top; setting the old one's would force a layout.
    const body = h("div", { class: "gad-pane-body" }, this.sentence, this.signs.element, this.panel?.element ?? null);
    this.body.replaceWith(body);
    this.body = body;
  }
}

const START = "Nothing has been computed yet: only the leaves hold data. Step forward to begin.";
