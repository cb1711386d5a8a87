// The inspector of an operation: its mathematics, forward and back.
import { CheckView } from "./check_view";
import type { Context } from "./context";
import { Disposer, h } from "./dom";
import { JacobianView } from "./jacobian_view";
import { math } from "./math";
import type { OpSpec } from "./payload";
import { placeText } from "./place";

export class OpPanel {
  readonly element: HTMLElement;
  private readonly spec: OpSpec;
  private readonly disposer = new Disposer();
  private readonly forward: HTMLElement;
  private readonly backward: HTMLElement;
  readonly check: CheckView;
  private readonly jacobian: JacobianView;

  constructor(
    private readonly context: Context,
    private readonly op: number,
  ) {
    this.spec = context.payload.ops[op] as OpSpec;
    const { spec } = this;
    this.forward = formula("forward", spec.tex, spec.shapes);
    const rules = this.sends;
    this.backward = h(
      "section",
      { class: "gad-section" },
      h("h4", {}, rules.length > 0 ? "backward: what it sends" : "backward: it sends nothing"),
      ...rules.map((vjp) => {
        const several = spec.inputs.filter((input) => input.value === vjp.value).length > 1;
        return h(
          "div",
          { class: "gad-rule" },
          h(
            "div",
            { class: "gad-rule-to" },
            "to ",
            this.chip(vjp.value),
            several ? ` as input ${vjp.slot + 1}` : null,
          ),
          h(
            "div",
            { class: "gad-formula", tabindex: 0 },
            vjp.tex === "" ? null : math(vjp.tex, true),
            shapes(vjp.shapes),
          ),
          vjp.argument === "" ? null : h("p", { class: "gad-argument" }, vjp.argument),
        );
      }),
    );
    this.check = new CheckView(context, "op check", op);
    this.disposer.add(() => this.check.dispose());
    this.jacobian = new JacobianView(context, op);
    this.element = h(
      "div",
      { class: "gad-panel-body", "data-inspect": `o${op}` },
      h(
        "header",
        { class: "gad-title" },
        h("span", { class: "gad-title-glyph" }, spec.label),
        h("span", { class: "gad-title-op" }, spec.name),
        h("span", { class: "gad-title-facts" }, spec.module),
      ),
      h("p", { class: "gad-doc" }, ...prose(spec.doc)),
      this.check.element,
      this.forward,
      this.backward,
      this.jacobian.element,
      this.parameters(),
      h(
        "section",
        { class: "gad-section" },
        h(
          "div",
          { class: "gad-chips" },
          h("span", {}, "inputs"),
          ...spec.inputs.map((input) => this.chip(input.value)),
        ),
        h(
          "div",
          { class: "gad-chips" },
          h("span", {}, spec.outputs.length > 1 ? "outputs" : "output"),
          ...spec.outputs.map((value) => this.chip(value)),
        ),
      ),
      placeText(context, spec.place),
    );
  }

  get checkable(): boolean {
    return this.sends.length > 0;
  }

  /** The rules of the inputs that are sent something; a user's op may have no formula for it. */
  private get sends(): OpSpec["vjps"] {
    const { edges } = this.context.payload;
    const sent = this.spec.inputs.filter(({ edge }) => edges[edge]?.contribution != null);
    return this.spec.vjps.filter(({ slot }) => sent.some((input) => input.slot === slot));
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** Marks the rule that the current step applies. */
  update(): void {
    const step = this.context.timeline.step(this.context.position());
    const phase = step?.op === this.op ? step.phase : "";
    this.forward.classList.toggle("gad-now-forward", phase === "forward");
    this.backward.classList.toggle("gad-now-backward", phase === "backward");
    this.jacobian.update();
  }

  private chip(value: number): HTMLElement {
    const spec = this.context.payload.values[value];
    const chip = h(
      "button",
      { type: "button", class: "gad-chip" },
      h("i", {}, spec?.label ?? ""),
      h("span", { class: "gad-chip-shape" }, ` ${spec?.shape_label ?? ""}`),
    );
    this.disposer.listen(chip, "click", () => this.context.select(`v${value}`));
    return chip;
  }

  private parameters(): HTMLElement | null {
    if (this.spec.params.length === 0) return null;
    return h(
      "section",
      { class: "gad-section" },
      h("h4", {}, "parameters"),
      h(
        "dl",
        { class: "gad-params" },
        ...this.spec.params.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ),
    );
  }
}

/** A docstring's sentence: what stands in double backquotes is code. */
const prose = (text: string): (HTMLElement | string)[] =>
  text.split("``").map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part));

const shapes = (text: string): HTMLElement | null =>
  text === "" ? null : h("div", { class: "gad-shapes" }, text);

function formula(title: string, tex: string, shapeLine: string): HTMLElement {
  return h(
    "section",
    { class: "gad-section" },
    h("h4", {}, title),
    h("div", { class: "gad-formula", tabindex: 0 }, math(tex, true), shapes(shapeLine)),
  );
}
