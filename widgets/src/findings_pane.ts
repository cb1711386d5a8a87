// The list of findings; the one that is open is explained, and leads to its cause.
import { inlineBadge } from "./badge";
import { findingBreakpoint } from "./breakpoints";
import type { Context } from "./context";
import { Disposer, h, setText } from "./dom";
import { counted, followers, roots } from "./findings";
import { isSmall } from "./fold";
import { plural } from "./format";
import { closeButton, icon } from "./icons";
import type { Diagnosis, FindingSpec } from "./payload";

export class FindingsPane {
  readonly element: HTMLElement;
  /** a chip on the diagram that opens and closes the pane */
  readonly chip: HTMLButtonElement;
  private readonly heading = h("span");
  private readonly body = h("div", { class: "gad-pane-body gad-findings-body" });
  private readonly disposer = new Disposer();

  constructor(
    private readonly context: Context,
    toggle: (open: boolean) => void,
  ) {
    const close = closeButton("close the findings");
    this.disposer.listen(close, "click", () => toggle(false));
    this.element = h(
      "aside",
      { class: "gad-pane gad-findings", "aria-label": "findings" },
      h("div", { class: "gad-pane-head" }, this.heading, close),
      this.body,
    );
    this.chip = h("button", { type: "button", class: "gad-button gad-button-text gad-chip-findings" });
    this.disposer.listen(this.chip, "click", () => {
      if (this.context.diagnosing.diagnosis === null) this.ask();
      else toggle(this.element.hidden);
    });
    this.disposer.listen<MouseEvent>(this.body, "click", (event) => this.clicked(event));
    this.element.hidden = true;
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** Lists the findings anew. */
  draw(): void {
    const { diagnosis } = this.context.diagnosing;
    if (diagnosis === null) {
      this.element.hidden = true;
      this.chip.hidden = this.context.kernel === null || isSmall(this.context.payload);
      this.chip.replaceChildren("diagnose");
      this.chip.title = "say where the gradient is lost, and why (d)";
      return;
    }
    this.chip.hidden = false;
    const told = counted(diagnosis);
    const worst = diagnosis.findings[roots(diagnosis)[0] ?? -1]?.severity;
    this.chip.replaceChildren(worst === undefined ? icon("check") : inlineBadge(worst), told);
    this.chip.title = `${told}: list them (d opens the next)`;
    setText(this.heading, roots(diagnosis).length === 0 ? "diagnosis" : `findings · ${told}`);
    const focused = this.body.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset
      : {};
    const list = roots(diagnosis).map((index) => this.row(diagnosis, index));
    const nothing = h("p", { class: "gad-summary-line" }, icon("check"), diagnosis.summary);
    this.body.replaceChildren(
      list.length === 0 ? nothing : h("ul", { class: "gad-list gad-findings-list" }, ...list),
      ...diagnosis.notes.map((note) => h("p", { class: "gad-why" }, `Note: ${note}.`)),
    );
    this.refocus(focused);
  }

  /** Brings the finding that is open into sight within the pane. */
  reveal(): void {
    const open = this.body.querySelector<HTMLElement>('[data-open="true"]');
    if (open === null) return;
    const pane = this.body.getBoundingClientRect();
    const box = open.getBoundingClientRect();
    if (box.top < pane.top) this.body.scrollTop -= pane.top - box.top;
    else if (box.bottom > pane.bottom) {
      this.body.scrollTop += Math.min(box.top - pane.top, box.bottom - pane.bottom);
    }
  }

  /** Has Python make a diagnosis; it comes as a new session. */
  ask(): void {
    const { kernel } = this.context;
    if (kernel === null) {
      this.context.announce("nothing has been diagnosed here");
      return;
    }
    this.chip.setAttribute("aria-busy", "true");
    kernel("diagnose", {})
      .catch((error: unknown) => this.context.announce(String(error)))
      .finally(() => this.chip.removeAttribute("aria-busy"));
  }

  /** Gives the focus back to the button that had it before the list was made anew. */
  private refocus({ head, cause }: DOMStringMap): void {
    const name = head !== undefined ? `[data-head="${head}"]` : `[data-cause="${cause}"]`;
    if (head === undefined && cause === undefined) return;
    this.body.querySelector<HTMLElement>(name)?.focus({ preventScroll: true });
  }

  private clicked(event: MouseEvent): void {
    const button = (event.target as Element).closest<HTMLElement>("button");
    const { head, cause, select, break: kind } = button?.dataset ?? {};
    const { diagnosing } = this.context;
    if (head !== undefined) {
      diagnosing.open(diagnosing.opened === Number(head) ? -1 : Number(head));
    } else if (cause !== undefined) {
      diagnosing.goToCause(Number(cause));
    } else if (kind !== undefined) {
      const breakpoint = findingBreakpoint(kind);
      this.context.debug.breakpoints.toggle(breakpoint);
      button?.setAttribute("aria-pressed", String(this.context.debug.breakpoints.has(breakpoint)));
    } else if (select !== undefined) {
      this.context.find(select);
    }
  }

  private row(diagnosis: Diagnosis, index: number): HTMLElement {
    const finding = diagnosis.findings[index] as FindingSpec;
    const { opened } = this.context.diagnosing;
    const follow = followers(diagnosis, index);
    const open = opened === index || follow.includes(opened);
    const id = `${this.context.id}-finding-${index}`;
    return h(
      "li",
      { class: "gad-finding", "data-finding": index, "data-severity": finding.severity, "data-open": String(open) },
      h(
        "button",
        { type: "button", class: "gad-finding-head", "data-head": index, "aria-expanded": String(open), "aria-controls": open ? id : null },
        inlineBadge(finding.severity),
        h(
          "span",
          {},
          h("b", {}, finding.kind),
          h("span", { class: "gad-hidden-text" }, ` (${finding.severity})`),
          ` ${finding.title}`,
        ),
      ),
      open ? this.explanation(diagnosis, finding, index, follow, id) : null,
    );
  }

  private explanation(
    diagnosis: Diagnosis,
    finding: FindingSpec,
    index: number,
    follow: number[],
    id: string,
  ): HTMLElement {
    return h(
      "div",
      { class: "gad-finding-body", id },
      h("p", {}, finding.cause),
      finding.source === "" ? null : h("code", { class: "gad-finding-source" }, finding.source),
      finding.numbers.length === 0
        ? null
        : h(
            "dl",
            { class: "gad-finding-numbers" },
            ...finding.numbers.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
          ),
      finding.threshold === "" ? null : h("p", { class: "gad-finding-soft" }, `threshold: ${finding.threshold}`),
      h("p", {}, h("b", {}, "Try: "), `${finding.advice}.`),
      h(
        "div",
        { class: "gad-finding-actions" },
        finding.key === "" ? null : action("go to the cause", { "data-cause": index }),
        finding.position === null ? null : this.breakAction(finding.kind),
        finding.node === "" || finding.node === finding.key
          ? null
          : action(`show ${this.label(finding.node)}`, { "data-select": finding.node }),
      ),
      this.followers(diagnosis, follow),
      this.suspects(finding),
      finding.reference === ""
        ? null
        : h("p", { class: "gad-finding-soft" }, `Reference: ${finding.reference}`),
    );
  }

  private breakAction(kind: string): HTMLElement {
    const set = this.context.debug.breakpoints.has(findingBreakpoint(kind));
    return action(`break at ${kind}`, { "data-break": kind, "aria-pressed": String(set) });
  }

  private followers(diagnosis: Diagnosis, follow: number[]): HTMLElement | null {
    if (follow.length === 0) return null;
    return h(
      "details",
      { class: "gad-finding-more" },
      h("summary", {}, `${plural(follow.length, "finding")} ${follow.length === 1 ? "follows" : "follow"} from it`),
      h(
        "ul",
        { class: "gad-list" },
        ...follow.map((index) => {
          const finding = diagnosis.findings[index] as FindingSpec;
          return h(
            "li",
            {},
            inlineBadge(finding.severity),
            h(
              "button",
              { type: "button", class: "gad-link-button", "data-cause": index, title: finding.cause },
              `${finding.kind}: ${finding.title}`,
            ),
          );
        }),
      ),
    );
  }

  private suspects(finding: FindingSpec): HTMLElement | null {
    if (finding.suspects.length === 0) return null;
    return h(
      "div",
      { class: "gad-chips" },
      h("span", {}, "next under suspicion"),
      ...finding.suspects.map(([key, name]) =>
        h("button", { type: "button", class: "gad-chip", "data-select": key }, name),
      ),
    );
  }

  private label(key: string): string {
    const { payload } = this.context;
    const ref = Number(key.slice(1));
    return (key.startsWith("v") ? payload.values[ref]?.label : payload.ops[ref]?.name) ?? key;
  }
}

const action = (label: string, data: Record<string, string | number>): HTMLElement =>
  h("button", { type: "button", class: "gad-action", ...data }, label);
