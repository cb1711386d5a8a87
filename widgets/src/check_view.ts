// "check ∂": central finite differences beside the gradient, computed when the button is pressed.
import type { Context } from "./context";
import { Disposer, h } from "./dom";
import { reasonOf } from "./explained";
import { format, plural, toNumber } from "./format";
import type { CheckTold, Told } from "./told";

export class CheckView {
  readonly button: HTMLButtonElement;
  readonly element = h("section", { class: "gad-section gad-check", "aria-live": "polite" });
  private readonly disposer = new Disposer();
  private asked = 0;

  constructor(
    private readonly context: Context,
    private readonly about: keyof Told & ("check" | "op check"),
    private readonly node: number,
  ) {
    this.button = h(
      "button",
      {
        type: "button",
        class: "gad-action",
        title: "compare with central finite differences",
        "data-action": "check",
      },
      "check ∂",
    );
    this.disposer.listen(this.button, "click", () => this.check([]));
    this.element.hidden = true;
  }

  dispose(): void {
    this.asked = -1;
    this.disposer.dispose();
  }

  /** Checks all of it, or one element. */
  check(index: readonly number[]): void {
    this.asked += 1;
    const mine = this.asked;
    const show = (...children: (Node | string)[]): void => {
      if (mine === this.asked) this.element.replaceChildren(h("h4", {}, "checked against differences"), ...children);
    };
    this.element.hidden = false;
    delete this.element.dataset.verdict;
    show("checking…");
    this.context.explanations.ask(this.about, [this.node, ...index]).then(
      (told) => {
        if (mine === this.asked) this.element.dataset.verdict = verdictOf(told);
        show(...this.tell(told));
      },
      (error: unknown) => show(reasonOf(error)),
    );
  }

  private tell(told: CheckTold): HTMLElement[] {
    if (told.note !== "") return [h("p", {}, `${told.label}: ${told.note}.`)];
    if (told.checked === 0) return [h("p", {}, "There is nothing to check: it sends no gradient.")];
    const found = [h("p", { class: "gad-verdict" }, sentence(told, this.about === "op check"))];
    for (const culprit of told.culprits) found.push(h("p", { class: "gad-culprit" }, culprit));
    if (told.kinks > 0) found.push(h("p", {}, KINK));
    return [...found, table(told)];
  }
}

type Verdict = "agrees" | "differs" | "kink";

function verdictOf({ ok, kinks, checked }: CheckTold): Verdict {
  if (!ok) return "differs";
  return kinks === checked && kinks > 0 ? "kink" : "agrees";
}

/** The outcome in a sentence; the sign at its start says the same as its colour. */
export function sentence(told: CheckTold, ofOp: boolean): string {
  const what = ofOp ? `The VJP of ${told.label}` : told.label;
  const verdict = verdictOf(told);
  if (verdict === "kink") return `! ${what} cannot be compared: there is a kink.`;
  if (verdict === "differs") return `✗ ${what} disagrees with central differences.`;
  const each = ofOp ? plural(told.checked, "input") : counted(told);
  const error = toNumber(told.error).toExponential(1).replace("-", "−");
  return `✓ ${what} agrees with central differences: ${each}, relative error at most ${error}.`;
}

const counted = ({ checked, size }: CheckTold): string =>
  checked === size ? plural(size, "element") : `${checked} of ${size} elements`;

const KINK =
  "At a kink the differences from the left and from the right disagree: there is no derivative " +
  "to compare with, and the gradient is a convention.";

function table({ elements, checked }: CheckTold): HTMLElement {
  const rows = elements.map(({ label, gradient, difference, error, kink, ok }) => {
    const told = kink ? "kink" : ok ? "✓" : "✗ wrong";
    const distance = Number.isFinite(toNumber(error)) ? toNumber(error).toExponential(1) : "–";
    const numbers = [format(toNumber(gradient)), format(toNumber(difference))];
    return h(
      "tr",
      { "data-ok": kink ? "kink" : String(ok) },
      h("th", { scope: "row" }, label),
      ...[...numbers, distance.replace("-", "−"), told].map((text) => h("td", {}, text)),
    );
  });
  if (checked > elements.length) {
    const more = `${checked - elements.length} more, with smaller errors`;
    rows.push(h("tr", {}, h("td", { colspan: 5 }, more)));
  }
  const heads = ["", "gradient", "differences", "rel. error", ""];
  return h(
    "div",
    { class: "gad-scrolls", tabindex: 0, role: "region", "aria-label": "checked elements" },
    h(
      "table",
      { class: "gad-table" },
      h("thead", {}, h("tr", {}, ...heads.map((text) => head(text)))),
      h("tbody", {}, ...rows),
    ),
  );
}

const head = (text: string): HTMLElement => (text === "" ? h("td") : h("th", { scope: "col" }, text));
