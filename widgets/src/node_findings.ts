// The findings about the node that is inspected: each opens its explanation.
import { inlineBadge } from "./badge";
import type { Context } from "./context";
import { h } from "./dom";
import { at } from "./findings";
import type { Diagnosis } from "./payload";

export class NodeFindings {
  readonly element = h("div", { class: "gad-node-findings" });
  private shown: { key: string; diagnosis: Diagnosis | null } = { key: "", diagnosis: null };

  constructor(private readonly context: Context) {}

  draw(key: string): void {
    const { diagnosis } = this.context.diagnosing;
    if (this.shown.key === key && this.shown.diagnosis === diagnosis) return;
    this.shown = { key, diagnosis };
    const found = diagnosis === null ? [] : at(diagnosis, key);
    this.element.replaceChildren(
      ...found.flatMap((index) => {
        const finding = diagnosis?.findings[index];
        if (finding === undefined) return [];
        const button = h(
          "button",
          { type: "button", class: "gad-node-finding", "data-severity": finding.severity },
          inlineBadge(finding.severity),
          h("span", {}, h("b", {}, finding.kind), ` ${finding.title}`),
        );
        button.addEventListener("click", () => this.context.diagnosing.open(index));
        return [button];
      }),
    );
  }
}
