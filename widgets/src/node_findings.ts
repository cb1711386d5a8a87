// The findings about the node that is inspected: each opens its explanation.
import { inlineBadge } from "./badge";
import type { Context } from "./context";
import { h } from "./dom";
import { at } from "./findings";
import type { Diagnosis } from "./payload";

export class NodeFindings {
  readonly element = h("div", { class: "gad-node-findings" });
  private shown: { key: string; opened: number; diagnosis: Diagnosis | null } = {
    key: "",
    opened: -1,
    diagnosis: null,
  };

  constructor(private readonly context: Context) {}

  draw(key: string): void {
    const { diagnosis, opened } = this.context.diagnosing;
    const { shown } = this;
    if (shown.key === key && shown.opened === opened && shown.diagnosis === diagnosis) return;
    this.shown = { key, opened, diagnosis };
    // The one that is open is explained in its own pane.
    const found = diagnosis === null ? [] : at(diagnosis, key).filter((index) => index !== opened);
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
