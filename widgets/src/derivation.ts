// One element of a gradient as a sum over the elements that it touches, with the numbers in,
// beside the rule for all elements at once.
import type { Context } from "./context";
import { h, setText } from "./dom";
import { reasonOf } from "./explained";
import { Folded } from "./folded";
import { format, shapeText, toNumber } from "./format";
import { litMap } from "./lit";
import { math } from "./math";
import { gradientName } from "./names";
import type { ValueSpec } from "./payload";
import { goToElement, pick, pickOf } from "./picks";
import type { Derivation as Told } from "./told";
import { indexLength, parseIndex } from "./watch";

/** Terms that are written out in the formula, as in Python's text; the table has more. */
const WRITTEN = 6;
const MAPS = 3;
type Term = Told["terms"][number];

export class Derivation {
  readonly element: HTMLElement;
  private readonly spec: ValueSpec;
  private readonly body = h("div", { class: "gad-derivation-body", "aria-live": "polite" });
  private readonly field: HTMLInputElement;
  private readonly table: Folded;
  private readonly rows = h("div");
  private readonly rule: Folded;
  private index: readonly number[] | null;
  private shown = "";

  constructor(
    private readonly context: Context,
    private readonly value: number,
    check: (index: readonly number[]) => void,
    private readonly picked: () => void,
  ) {
    this.spec = context.payload.values[value] as ValueSpec;
    const { shape } = this.spec;
    this.field = h("input", {
      class: "gad-index",
      size: indexLength(shape),
      placeholder: `[${shape.map(() => "·").join(", ")}]`,
      "aria-label": `index of an element of shape ${shapeText(shape)}`,
    });
    this.field.addEventListener("change", () => {
      const index = parseIndex(shape, this.field.value);
      this.field.setAttribute("aria-invalid", String(index === null));
      if (index !== null) this.pick(index);
    });
    const button = (label: string, act: (index: readonly number[]) => void): HTMLElement => {
      const made = h("button", { type: "button", class: "gad-action" }, label);
      made.addEventListener("click", () => {
        if (this.index === null) this.field.focus();
        else act(this.index);
      });
      return made;
    };
    const watch = button("watch this element", (index) => {
      context.debug.toggleWatch({ value, index: [...index] });
    });
    this.table = new Folded(context, "terms", ["the terms, the largest first"], () => {});
    this.table.body.append(this.rows);
    this.rule = new Folded(context, "rule", ["all elements at once"], () => this.drawRule());
    this.element = h(
      "section",
      { class: "gad-section" },
      h("h4", {}, "one element of ", gradientName(this.spec.label)),
      h(
        "div",
        { class: "gad-derivation" },
        shape.length === 0
          ? null
          : h(
              "div",
              { class: "gad-derivation-head" },
              h("label", {}, "element ", this.field),
              watch,
              button("check it", check),
            ),
        this.body,
        this.table.element,
        this.rule.element,
      ),
    );
    this.element.hidden = this.spec.gradient === null;
    this.table.element.hidden = true;
    this.rule.element.hidden = this.spec.contributions.length === 0;
    this.index = shape.length === 0 ? [] : pickOf(context, value);
    if (this.index !== null) this.field.value = `[${this.index.join(", ")}]`;
  }

  /** Derives another element. */
  pick(index: readonly number[]): void {
    this.index = index;
    pick(this.context, this.value, index);
    this.picked();
    this.field.value = `[${index.join(", ")}]`;
    this.field.setAttribute("aria-invalid", "false");
    this.draw();
  }

  /** Shows what is known at the position. */
  show(): void {
    this.draw();
    this.rule.update();
  }

  private draw(): void {
    if (this.spec.gradient === null || this.element.hidden) return;
    if (this.index === null) {
      this.say("Click an element above, or write its index.");
      return;
    }
    const { explanations } = this.context;
    const of = [this.value, ...this.index];
    const found = explanations.get("element", of);
    if (found !== undefined) {
      this.tell(found);
      return;
    }
    const name = of.join();
    if (this.shown === name) return;
    this.say("…");
    this.shown = name;
    explanations.ask("element", of).then(
      () => {
        if (this.shown === name) this.draw();
      },
      (error: unknown) => {
        if (this.shown === name) this.body.replaceChildren(reasonOf(error), ...this.others());
      },
    );
  }

  /** Ways to the elements that are explained on a page without a kernel. */
  private others(): (Node | string)[] {
    if (this.context.kernel !== null) return [];
    const known = this.context.explanations.knownOf("element", this.value).slice(0, 4);
    const links = known.map((index) => {
      const link = h("button", { type: "button", class: "gad-link-button" }, written(index));
      link.addEventListener("click", () => this.pick(index));
      return link;
    });
    const listed = links.flatMap((link, i) => (i > 0 ? [", ", link] : [link]));
    return links.length === 0 ? [] : [" On the page: ", ...listed, "."];
  }

  private say(text: string): void {
    this.shown = "";
    delete this.body.dataset.element;
    this.table.element.hidden = true;
    setText(this.body, text);
  }

  /** What of a term is known where we stand. */
  private known({ op, output }: Term): { upstream: boolean; local: boolean } {
    const { timeline } = this.context;
    const position = this.context.position();
    return {
      upstream: timeline.gradient(output, position).state === "arrived",
      local: timeline.ran(op, position),
    };
  }

  private tell(found: Told): void {
    const { timeline } = this.context;
    const position = this.context.position();
    const arrived = timeline.gradient(this.value, position).state === "arrived";
    const states = found.terms.map((term) => this.known(term));
    const known = states.map(({ upstream, local }) => `${upstream}${local}`).join();
    const shown = `${found.label} ${arrived} ${known} ${this.context.theme()}`;
    if (shown === this.shown) return;
    this.shown = shown;
    this.body.dataset.element = found.label;
    if (found.reason !== "") {
      this.table.element.hidden = true;
      this.body.replaceChildren(h("p", { class: "gad-stage" }, found.stages.join("\n")));
      return;
    }
    const all = states.every(({ upstream, local }) => upstream && local);
    const rest = found.terms.length + found.more - WRITTEN;
    const more = rest > 0 ? [` + … ${rest} more`] : [];
    const written = found.terms.slice(0, WRITTEN);
    const sum = (part: (term: Term, i: number) => (Node | string)[]): (Node | string)[] => [
      "= ",
      ...written.flatMap((term, i) => [...(i > 0 ? [" + "] : []), ...part(term, i)]),
      ...more,
    ];
    const numbers = sum((term, i) => [
      this.upstream(term, states[i]?.upstream === true),
      " · ",
      states[i]?.local === true ? format(toNumber(term.local)) : "?",
    ]);
    const stages: [string, (Node | string)[]][] = [
      ["symbols", [found.stages[0] ?? ""]],
      [all ? "numbers" : "known so far", numbers],
    ];
    const several = found.terms.length > 1;
    if (several && all) stages.push(["products", sum(({ value }) => [bracketed(toNumber(value))])]);
    stages.push(["value", [arrived ? `= ${format(toNumber(found.total))}` : "not all of it has arrived yet"]]);
    this.body.replaceChildren(
      h(
        "dl",
        { class: "gad-stages" },
        ...stages.flatMap(([name, line]) => [
          h("dt", {}, name),
          h("dd", { "data-stage": name }, ...line),
        ]),
      ),
      h("div", { class: "gad-lits" }, ...found.touched.slice(0, MAPS).map((lit) => litMap(this.context, lit))),
    );
    this.table.element.hidden = !several || !all;
    if (several && all) this.rows.replaceChildren(this.terms(found));
  }

  /** The upstream factor: its number where it is known, a way to its own explanation anyhow. */
  private upstream(term: Term, known: boolean): HTMLElement {
    const name = `${this.label(term.output)}∇${written(term.index)}`;
    const link = h("button", {
      type: "button",
      class: "gad-link-button gad-upstream",
      title: `explain ${name}`,
      "aria-label": `${known ? format(toNumber(term.upstream)) : "not known yet"}: explain ${name}`,
    });
    if (known) link.append(format(toNumber(term.upstream)));
    else link.append(gradientName(this.label(term.output)), written(term.index));
    link.addEventListener("click", () => goToElement(this.context, term.output, term.index));
    return link;
  }

  private label(value: number): string {
    return this.context.payload.values[value]?.label ?? "";
  }

  private terms(found: Told): HTMLElement {
    const rows = found.terms.map((term) => {
      const link = h("button", { type: "button", class: "gad-link-button" });
      link.append(gradientName(this.label(term.output)), written(term.index));
      link.title = term.symbols;
      link.addEventListener("click", () => goToElement(this.context, term.output, term.index));
      const numbers = [term.upstream, term.local, term.value].map((x) => format(toNumber(x)));
      return h("tr", {}, h("th", { scope: "row" }, link), ...numbers.map((text) => h("td", {}, text)));
    });
    if (found.more > 0) {
      const rest = format(toNumber(found.rest));
      rows.push(h("tr", {}, h("th", { scope: "row", colspan: 3 }, `${found.more} more`), h("td", {}, rest)));
    }
    const all = h("th", { scope: "row", colspan: 3 }, `all ${found.terms.length + found.more} terms`);
    rows.push(h("tr", {}, all, h("td", {}, format(toNumber(found.total)))));
    const heads = ["from", "upstream ∇", "local derivative", "product"];
    return h(
      "div",
      { class: "gad-scrolls", tabindex: 0, role: "region", "aria-label": "the terms" },
      h(
        "table",
        { class: "gad-table" },
        h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...rows),
      ),
    );
  }

  /** The rule of each contribution, with the shapes and why no other order fits them. */
  private drawRule(): void {
    const { body } = this.rule;
    if (body.childElementCount > 0) return;
    const { payload } = this.context;
    for (const edge of this.spec.contributions) {
      const { op, slot } = payload.edges[edge] ?? { op: -1, slot: -1 };
      const rule = payload.ops[op]?.vjps.find((vjp) => vjp.slot === slot);
      if (rule === undefined || rule.tex === "") continue;
      body.append(h("div", { class: "gad-formula", tabindex: 0 }, math(rule.tex, true), h("div", { class: "gad-shapes" }, rule.shapes)));
      if (rule.argument !== "") body.append(h("p", { class: "gad-argument" }, rule.argument));
    }
  }
}

const written = (index: readonly number[]): string =>
  index.length === 0 ? "" : `[${index.join(", ")}]`;

const bracketed = (x: number): string => (x < 0 ? `(${format(x)})` : format(x));
