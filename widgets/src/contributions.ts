// "Where A∇ comes from": one heat map per consumer, and their sum.
import { type Context, gradientPeak } from "./context";
import { Disposer, h, setText } from "./dom";
import { format, formatElement, shapeText, toNumber } from "./format";
import { fitBox, paint } from "./heatmap";
import { math } from "./math";
import { gradientName } from "./names";
import { percent } from "./paths_view";
import type { ValueSpec } from "./payload";
import type { Gradient } from "./state";

const BOX = { width: 84, height: 64 };
const OF_THE_NORMS = "its norm, as a part of the sum of the contributions' norms";
const NARROW = 62; // where there are many
const MANY = 3;
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
    private readonly width: number,
    ...title: (Node | null)[]
  ) {
    this.blank.style.width = "56px";
    this.blank.style.height = "34px";
    for (const part of title) if (part !== null) this.element.append(part);
    this.element.append(this.canvas, this.blank, this.number);
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
    const size = fitBox(picture.rows, picture.cols, this.width, BOX.height, 18);
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
  private readonly terms: {
    edge: number;
    /** what the op sends where that is summed over axes first */
    sent: Term | null;
    term: Term;
    facts: HTMLElement;
    share: Element | null;
  }[] = [];
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
    const row = h("div", {
      class: "gad-terms gad-scrolls",
      tabindex: 0,
      role: "region",
      "aria-label": `the contributions to ${spec.label}∇ and their sum`,
    });
    const width = spec.contributions.length > MANY ? NARROW : BOX.width;
    const shown = spec.contributions.slice(0, SHOWN);
    shown.forEach((edge, i) => {
      const op = payload.edges[edge]?.op ?? 0;
      const opSpec = payload.ops[op];
      const slot = payload.edges[edge]?.slot ?? 0;
      const several = (opSpec?.inputs ?? []).filter((input) => input.value === value).length > 1;
      const button = h(
        "button",
        { type: "button", class: "gad-term-op", title: `go to ${opSpec?.name ?? "the op"}${where(context, op)}` },
        h("span", { class: "gad-chip-glyph" }, opSpec?.label ?? ""),
        several ? h("small", {}, ` input ${slot + 1}`) : null,
      );
      this.disposer.listen(button, "click", () => context.select(`o${op}`));
      const { share, summed, sent } = payload.edges[edge] ?? { share: null, summed: "", sent: null };
      const rule = opSpec?.vjps.find((vjp) => vjp.slot === slot)?.term ?? "";
      const term = new Term(
        context,
        width,
        h(
          "div",
          { class: "gad-term-head" },
          button,
          share === null
            ? null
            : h("span", { class: "gad-term-share", title: OF_THE_NORMS }, ` ${percent(share)}`),
        ),
        rule === "" ? null : h("div", { class: "gad-term-rule" }, math(rule)),
      );
      term.element.dataset.edge = String(edge);
      const facts = h(
        "div",
        { class: "gad-term-facts" },
        share === null ? null : bar(share),
        summed === "" ? null : h("div", { class: "gad-term-summed" }, `Σ ${summed}`),
      );
      term.element.append(facts);
      const before =
        sent === null || summed === "" ? null : new Term(context, NARROW, shapeCaption(context, sent));
      const shareText = term.element.querySelector(".gad-term-share");
      this.terms.push({ edge, sent: before, term, facts, share: shareText });
      if (i > 0) row.append(sign("+"));
      if (before !== null) row.append(before.element, summing(summed));
      row.append(term.element);
    });
    const hidden = spec.contributions.length - shown.length;
    if (hidden > 0) row.append(sign("+"), h("span", { class: "gad-more" }, `${hidden} more`));
    const name = h("div", { class: "gad-term-rule" }, gradientName(spec.label));
    this.sum = new Term(context, width, name);
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
    const { timeline, payload, arrays } = this.context;
    for (const { edge, sent, term, facts, share } of this.terms) {
      const here = timeline.hasArrived(edge, position);
      const array = here ? (payload.edges[edge]?.contribution ?? null) : null;
      const before = here ? (payload.edges[edge]?.sent ?? null) : null;
      sent?.show(before, before === null ? 0 : arrays.peak(before), "not yet");
      term.show(array, this.peak, "not yet");
      facts.hidden = array === null;
      share?.toggleAttribute("hidden", array === null);
    }
    this.cancels.hidden = gradient.state !== "arrived" || this.cancels.textContent === "";
    this.sum.show(gradient.array, this.peak, "not yet");
  }
}

/** The source line of an op, for those who look for it. */
function where({ payload }: Context, op: number): string {
  const place = payload.ops[op]?.place;
  return place == null ? "" : `, ${payload.sources[place.source]?.title ?? ""} line ${place.line}`;
}

function shapeCaption({ payload }: Context, array: number): HTMLElement {
  const shape = payload.arrays[array]?.shape ?? [];
  return h("div", { class: "gad-term-number" }, shapeText(shape));
}

/** The step from what was sent to what arrives. */
function summing(summed: string): HTMLElement {
  const axes = /axis \d+|axes [\d, and]*\d/.exec(summed)?.[0] ?? "";
  return h("span", { class: "gad-sign gad-summing", title: summed }, "Σ →", h("small", {}, axes));
}

function bar(share: number): HTMLElement {
  const fill = h("div");
  fill.style.width = `${(100 * share).toFixed(1)}%`;
  return h("div", { class: "gad-term-bar", "aria-hidden": "true" }, fill);
}

const sign = (text: string): HTMLElement => h("span", { class: "gad-sign" }, text);
