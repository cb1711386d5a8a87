// One element of a gradient as a sum over the elements that it touches, with the numbers in.
import type { Context } from "./context";
import { h, setText } from "./dom";
import { format, shapeText, toNumber } from "./format";
import { gradientName } from "./names";
import type { Derivation as Spec, ValueSpec } from "./payload";
import { parseIndex } from "./watch";

const known = new WeakMap<Context, Map<string, Spec>>();

export class Derivation {
  readonly element: HTMLElement;
  private readonly spec: ValueSpec;
  private readonly body = h("div", { class: "gad-derivation-body", "aria-live": "polite" });
  private readonly field: HTMLInputElement;
  private index: number[] | null = null;
  private arrived = false;
  private shown = "";

  constructor(
    private readonly context: Context,
    private readonly value: number,
  ) {
    this.spec = context.payload.values[value] as ValueSpec;
    const { shape } = this.spec;
    this.field = h("input", {
      class: "gad-index",
      placeholder: `[${shape.map(() => "·").join(", ")}]`,
      "aria-label": `index of an element of shape ${shapeText(shape)}`,
    });
    this.field.addEventListener("change", () => {
      const index = parseIndex(shape, this.field.value);
      this.field.setAttribute("aria-invalid", String(index === null));
      if (index !== null) this.pick(index);
    });
    const watch = h("button", { type: "button", class: "gad-action" }, "watch this element");
    watch.addEventListener("click", () => {
      if (this.index !== null) context.debug.toggleWatch({ value, index: this.index });
    });
    this.element = h(
      "section",
      { class: "gad-section" },
      h("h4", {}, "one element of ", gradientName(this.spec.label)),
      h(
        "div",
        { class: "gad-derivation" },
        shape.length === 0
          ? null
          : h("div", { class: "gad-derivation-head" }, h("label", {}, "element ", this.field), watch),
        this.body,
      ),
    );
    this.element.hidden = this.spec.gradient === null;
    if (shape.length === 0) this.index = [];
  }

  /** Derives another element. */
  pick(index: number[]): void {
    this.index = index;
    this.field.value = `[${index.join(", ")}]`;
    this.field.setAttribute("aria-invalid", "false");
    this.draw();
  }

  /** Shows what is known at a position: a derivation speaks of the finished gradient. */
  show(gradient: number | null): void {
    this.arrived = gradient !== null && gradient === this.spec.gradient;
    this.draw();
  }

  private draw(): void {
    const name = `v${this.value}:${this.index?.join() ?? ""}`;
    const shown = `${name} ${this.arrived} ${this.index === null}`;
    if (shown === this.shown || this.spec.gradient === null) return;
    this.shown = shown;
    if (this.index === null) this.say("Click an element above, or write its index.");
    else if (!this.arrived) this.say("Not all of this gradient has arrived yet.");
    else this.derive(name, this.index, shown);
  }

  private derive(name: string, index: number[], shown: string): void {
    const { kernel, payload } = this.context;
    const cache = known.get(this.context) ?? new Map(Object.entries(payload.derivations));
    known.set(this.context, cache);
    const found = cache.get(name);
    if (found !== undefined) {
      this.tell(found);
    } else if (kernel === null) {
      this.say("This derivation is not on the page: open the graph in a notebook to see it.");
    } else {
      this.say("…");
      kernel("element", { value: this.value, index }).then(
        ({ answer }) => {
          if (answer.element === undefined) return;
          cache.set(name, answer.element);
          if (shown === this.shown) this.tell(answer.element);
        },
        (error: unknown) => {
          if (shown === this.shown) this.say(error instanceof Error ? error.message : String(error));
        },
      );
    }
  }

  private say(text: string): void {
    delete this.body.dataset.element;
    setText(this.body, text);
  }

  private tell(found: Spec): void {
    this.body.dataset.element = found.label;
    const lines = h("pre", {}, found.stages.join("\n"));
    if (found.reason !== "" || found.terms.length < 2) {
      this.body.replaceChildren(lines);
      return;
    }
    const rows = found.terms.map((term) => {
      const label = this.context.payload.values[term.output]?.label ?? "";
      const where = term.index.length === 0 ? "" : `[${term.index.join(", ")}]`;
      const link = h("button", { type: "button", class: "gad-link-button" });
      link.append(gradientName(label), where);
      link.title = term.symbols;
      link.addEventListener("click", () => this.context.select(`v${term.output}`));
      const numbers = [term.upstream, term.local, term.value].map((x) => format(toNumber(x)));
      return h("tr", {}, h("td", {}, link), ...numbers.map((text) => h("td", {}, text)));
    });
    if (found.more > 0) {
      const rest = format(toNumber(found.rest));
      const more = h("td", { colspan: 3 }, `${found.more} more terms`);
      rows.push(h("tr", {}, more, h("td", {}, rest)));
    }
    const total = h("td", {}, format(toNumber(found.total)));
    rows.push(h("tr", {}, h("td", { colspan: 3 }, `all ${found.terms.length + found.more} terms`), total));
    const heads = ["from", "upstream ∇", "local derivative", "product"];
    this.body.replaceChildren(
      lines,
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...rows),
      ),
    );
  }
}
