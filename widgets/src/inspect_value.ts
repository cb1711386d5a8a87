// The inspector of a value.
import { CheckView } from "./check_view";
import type { Context } from "./context";
import { Contributions } from "./contributions";
import { Disposer, h } from "./dom";
import { Derivation } from "./derivation";
import { HeatPair } from "./heatpair";
import { gradientName } from "./names";
import { PathsView } from "./paths_view";
import type { ValueSpec } from "./payload";
import { placeText } from "./place";
import { spreads } from "./spread";
import { statsTable } from "./stats";

export class ValuePanel {
  readonly element: HTMLElement;
  private readonly pair: HeatPair;
  private readonly contributions: Contributions | null;
  private readonly stats = h("div");
  private readonly spread = h("div", { class: "gad-section" });
  private readonly derivation: Derivation;
  readonly check: CheckView;
  private readonly paths: PathsView;
  private readonly spec: ValueSpec;
  private readonly disposer = new Disposer();

  constructor(
    private readonly context: Context,
    private readonly value: number,
  ) {
    this.spec = context.payload.values[value] as ValueSpec;
    const { spec } = this;
    const facts = [spec.dtype, spec.role, spec.module].filter((fact) => fact !== "");
    this.pair = new HeatPair(context, value, (index) => this.derivation.pick(index));
    this.disposer.add(() => this.pair.dispose());
    this.check = new CheckView(context, "check", value);
    this.disposer.add(() => this.check.dispose());
    this.derivation = new Derivation(
      context,
      value,
      (index) => this.check.check(index),
      () => this.pair.draw(),
    );
    this.paths = new PathsView(context, value);
    this.paths.element.hidden = spec.contributions.length === 0;
    this.contributions =
      spec.gradient !== null && spec.contributions.length > 0
        ? new Contributions(context, value)
        : null;
    if (this.contributions !== null) {
      const { contributions } = this;
      this.disposer.add(() => contributions.dispose());
    }
    this.element = h(
      "div",
      { class: "gad-panel-body", "data-inspect": `v${value}` },
      h(
        "header",
        { class: "gad-title" },
        h("span", { class: "gad-title-name" }, spec.label),
        h("span", { class: "gad-title-facts" }, `${spec.shape_label} ${facts.join(" · ")}`),
      ),
      this.pair.element,
      this.stats,
      spec.reason === ""
        ? null
        : h("p", { class: "gad-why" }, gradientName(spec.label), `: ${spec.reason}.`),
      this.backward(),
      this.contributions?.element ?? null,
      this.derivation.element,
      this.check.element,
      this.paths.element,
      this.spread,
      this.links(),
      placeText(context, spec.place),
    );
  }

  get checkable(): boolean {
    return this.spec.gradient !== null;
  }

  dispose(): void {
    this.disposer.dispose();
  }

  update(): void {
    const { timeline } = this.context;
    const position = this.context.position();
    const filled = timeline.filled(this.value, position);
    const gradient = timeline.gradient(this.value, position);
    this.element.dataset.state = filled ? "filled" : "pending";
    this.element.dataset.gradient = gradient.state;
    this.pair.show(filled, gradient);
    const data = filled ? this.spec.data : null;
    this.stats.replaceChildren(
      statsTable(this.context, data, gradient.array),
    );
    this.spread.replaceChildren(spreads(this.context, data, gradient.array, () => this.update()) ?? "");
    this.derivation.show();
    if (!this.paths.element.hidden) this.paths.update();
    this.contributions?.show(gradient, position);
  }

  /** Where the backward pass starts, a way to see it as a graph. */
  private backward(): HTMLElement | null {
    if (this.value !== this.context.payload.output || this.spec.gradient === null) return null;
    const button = h("button", { type: "button", class: "gad-action" }, "the backward pass as a graph");
    this.disposer.listen(button, "click", () => this.context.showBackward());
    return button;
  }

  /** The op that made it and the ops that use it. */
  private links(): HTMLElement {
    const { payload } = this.context;
    const users = payload.edges.flatMap((edge) =>
      edge.is_input && edge.value === this.value ? [edge.op] : [],
    );
    const row = (title: string, ops: number[]): HTMLElement | null => {
      if (ops.length === 0) return null;
      const chips = [...new Set(ops)].slice(0, 24).map((op) => {
        const chip = h(
          "button",
          { type: "button", class: "gad-chip", title: payload.ops[op]?.name ?? "" },
          h("span", { class: "gad-chip-glyph" }, payload.ops[op]?.label ?? ""),
        );
        this.disposer.listen(chip, "click", () => this.context.select(`o${op}`));
        return chip;
      });
      return h("div", { class: "gad-chips" }, h("span", {}, title), ...chips);
    };
    const made = this.spec.producer;
    return h(
      "section",
      { class: "gad-section" },
      row("made by", made === null ? [] : [made]),
      row("used by", users),
    );
  }
}
