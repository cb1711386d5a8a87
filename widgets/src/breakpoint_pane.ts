// The list of breakpoints under the source: switched off and on, removed, added by a line of text.
import { type Breakpoint, describe, parseBreakpoint, suggestions } from "./breakpoints";
import type { Context } from "./context";
import { Disposer, h, setText, unique } from "./dom";
import { closeButton } from "./icons";

export class BreakpointPane {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "gad-list" });
  private readonly input: HTMLInputElement;
  private readonly options = h("datalist");
  private readonly complaint = h("p", { class: "gad-complaint", role: "alert" });
  private readonly disposer = new Disposer();
  private rows: { breakpoint: Breakpoint; row: HTMLElement }[] = [];

  constructor(private readonly context: Context) {
    this.options.id = unique("conditions");
    this.input = h("input", {
      type: "text",
      class: "gad-break-input",
      list: this.options.id,
      placeholder: "isnan, norm > 1e3, op sum…",
      "aria-label": "break if",
      autocomplete: "off",
      spellcheck: "false",
    });
    const add = h("button", { type: "submit", class: "gad-action" }, "add");
    const form = h(
      "form",
      { class: "gad-break-form" },
      this.input,
      this.options,
      add,
    );
    this.disposer.listen<SubmitEvent>(form, "submit", (event) => {
      event.preventDefault();
      this.add();
    });
    // A notebook may take Enter for itself before the form hears of it.
    this.disposer.listen<KeyboardEvent>(this.input, "keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.add();
    });
    this.disposer.listen(this.input, "input", () => this.complain(""));
    this.element = h(
      "section",
      { class: "gad-subpane", "aria-label": "breakpoints" },
      h("h4", {}, "breakpoints"),
      this.list,
      form,
      this.complaint,
    );
    this.complain("");
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** Lists the breakpoints anew. */
  draw(): void {
    const { payload, diagnosing } = this.context;
    this.options.replaceChildren(
      ...suggestions(payload, diagnosing.diagnosis?.findings).map((value) => h("option", { value })),
    );
    this.rows = this.context.debug.breakpoints.entries.map(({ breakpoint, enabled }) => {
      const name = describe(this.context.payload, breakpoint);
      const box = h("input", { type: "checkbox", checked: enabled });
      box.addEventListener("change", () =>
        this.context.debug.breakpoints.enable(breakpoint, box.checked),
      );
      const remove = closeButton(`remove the breakpoint ${name}`, "remove");
      remove.addEventListener("click", () => this.context.debug.breakpoints.toggle(breakpoint));
      const row = h(
        "li",
        { class: "gad-list-row", "data-breakpoint": name },
        h("label", {}, box, h("span", { class: "gad-list-name" }, name)),
        remove,
      );
      return { breakpoint, row };
    });
    this.list.replaceChildren(...this.rows.map(({ row }) => row));
    this.update();
  }

  /** Marks the breakpoints that stop at the current position. */
  update(): void {
    if (this.rows.length === 0) return;
    const here = this.context.debug.breakpoints.stopping(this.context.position());
    for (const { breakpoint, row } of this.rows) {
      row.classList.toggle("gad-list-here", here.includes(breakpoint));
    }
  }

  private add(): void {
    const found = this.context.diagnosing.diagnosis?.findings;
    const breakpoint = parseBreakpoint(this.context.payload, this.input.value, found);
    if (breakpoint === null && found === undefined && /^\s*finding\b/.test(this.input.value)) {
      this.complain("nothing has been diagnosed here: call diagnose() in Python");
      return;
    }
    if (breakpoint === null) {
      this.complain(`"${this.input.value}" is no condition, op, module or line of this graph`);
      return;
    }
    this.input.value = "";
    if (!this.context.debug.breakpoints.has(breakpoint)) {
      this.context.debug.breakpoints.toggle(breakpoint);
    }
  }

  private complain(text: string): void {
    setText(this.complaint, text);
    this.complaint.hidden = text === "";
    this.input.setAttribute("aria-invalid", String(text !== ""));
  }
}
