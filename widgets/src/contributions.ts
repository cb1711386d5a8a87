// "Where A∇ comes from": one heat map per consumer, and their sum.
import { type Context, gradientPeak } from "./context";
import { Disposer, h, setText } from "./dom";
import { format, formatElement, toNumber } from "./format";
import { gradientName } from "./names";
import { fitBox, paint } from "./heatmap";
import type { ValueSpec } from "./payload";
import type { Gradient } from "./state";

const BOX = { width: 84, height: 60 };
const SHOWN = 12;

/** A small heat map with its number or norm below; hatched until it has arrived. */
class Term {
  readonly element = h("div", { class: "gad-term" });
  private readonly canvas = h("canvas", { class: "gad-canvas" });
  private readonly blank = h("div", { class: "gad-empty" });
  private readonly number = h("div", { class: "gad-term-number" });
  private shown = "";

  constructor(
    private readonly context: Context,
    title: Node,
  ) {
    this.blank.style.width = "56px";
    this.blank.style.height = "34px";
    this.element.append(title, this.canvas, this.blank, this.number);
  }

  show(array: number | null, peak: number, waiting: string): void {
    const theme = this.context.theme();
    const shown = `${array} ${theme}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const { arrays } = this.context;
    const picture = array === null ? null : arrays.picture(array);
    this.canvas.hidden = picture === null;
    this.blank.hidden = picture !== null;
    this.element.dataset.slot = picture === null ? "pending" : "picture";
    if (array === null || picture === null) {
      setText(this.number, waiting);
      return;
    }
    const spec = arrays.spec(array);
    const size = fitBox(picture.rows, picture.cols, BOX.width, BOX.height, 18);
    this.canvas.width = Math.round(size.width * 2);
    this.canvas.height = Math.round(size.height * 2);
    this.canvas.style.width = `${size.width}px`;
    this.canvas.style.height = `${size.height}px`;
    paint(this.canvas, picture, { of: "gradient", theme, peak, dtype: spec.dtype });
    const norm = `norm ${format(toNumber(spec.stats.norm))}`;
    setText(
      this.number,
      spec.size === 1 ? formatElement(arrays.scalar(array), spec.dtype) : norm,
    );
  }
}

export class Contributions {
  readonly element: HTMLElement;
  private readonly terms: { edge: number; term: Term; facts: HTMLElement }[] = [];
  private readonly cancels: HTMLElement;
  private readonly sum: Term;
  private readonly disposer = new Disposer();
  private readonly peak: number;

  constructor(
    private readonly context: Context,
    value: number,
  ) {
    const { payload } = context;
    const spec = payload.values[value] as ValueSpec;
    this.peak = gradientPeak(context, value);
    const row = h("div", { class: "gad-terms" });
    const shown = spec.contributions.slice(0, SHOWN);
    shown.forEach((edge, i) => {
      const op = payload.edges[edge]?.op ?? 0;
      const opSpec = payload.ops[op];
      const slot = payload.edges[edge]?.slot ?? 0;
      const several = (opSpec?.inputs ?? []).filter((input) => input.value === value).length > 1;
      const button = h(
        "button",
        { type: "button", class: "gad-term-op", title: `go to ${opSpec?.name ?? "the op"}` },
        h("span", { class: "gad-chip-glyph" }, opSpec?.label ?? ""),
        several ? h("small", {}, ` input ${slot + 1}`) : null,
      );
      this.disposer.listen(button, "click", () => context.select(`o${op}`));
      const term = new Term(context, button);
      term.element.dataset.edge = String(edge);
      const { share, summed } = payload.edges[edge] ?? { share: null, summed: "" };
      const facts = h(
        "div",
        { class: "gad-term-facts" },
        share === null ? null : h("div", { class: "gad-term-share" }, shareText(share)),
        share === null ? null : bar(share),
        summed === "" ? null : h("div", { class: "gad-term-summed" }, summed),
      );
      term.element.append(facts);
      this.terms.push({ edge, term, facts });
      if (i > 0) row.append(sign("+"));
      row.append(term.element);
    });
    const hidden = spec.contributions.length - shown.length;
    if (hidden > 0) row.append(sign("+"), h("span", { class: "gad-more" }, `${hidden} more`));
    this.sum = new Term(context, gradientName(spec.label));
    row.append(sign("="), this.sum.element);
    this.cancels = h("p", { class: "gad-cancels" }, spec.cancels);
    this.element = h(
      "section",
      { class: "gad-section" },
      h("h4", {}, "where ", gradientName(spec.label), " comes from"),
      row,
      this.cancels,
    );
  }

  dispose(): void {
    this.disposer.dispose();
  }

  show(gradient: Gradient, position: number): void {
    for (const { edge, term, facts } of this.terms) {
      const here = this.context.timeline.hasArrived(edge, position);
      const array = here ? (this.context.payload.edges[edge]?.contribution ?? null) : null;
      term.show(array, this.peak, "not yet");
      facts.hidden = array === null;
    }
    this.cancels.hidden = gradient.state !== "arrived" || this.cancels.textContent === "";
    this.sum.show(gradient.array, this.peak, "not yet");
  }
}

const shareText = (share: number): string =>
  share > 0 && share < 0.01 ? "< 1% of the norms" : `${Math.round(100 * share)}% of the norms`;

function bar(share: number): HTMLElement {
  const fill = h("div");
  fill.style.width = `${(100 * share).toFixed(1)}%`;
  return h("div", { class: "gad-term-bar", "aria-hidden": "true" }, fill);
}

const sign = (text: string): HTMLElement => h("span", { class: "gad-sign" }, text);
