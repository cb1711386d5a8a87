// The find box: nodes by label, op name, module or line of code.
import type { Context } from "./context";
import { Disposer, h, unique } from "./dom";
import type { Payload } from "./payload";

const SHOWN = 10;

export interface Found {
  key: string;
  label: string;
  facts: string;
}

/** Everything that can be found, with the text in which it is sought. */
export function searchIndex(payload: Payload): { found: Found; text: string }[] {
  const line = (place: Payload["ops"][number]["place"]): string =>
    place === null ? "" : `line ${place.line}`;
  const values = payload.values.map((value, i) => ({
    found: {
      key: `v${i}`,
      label: value.label,
      facts: [value.shape_label, value.role, value.module].filter(Boolean).join(" · "),
    },
    text: `${value.label} ${value.role} ${value.module} ${line(value.place)}`.toLowerCase(),
  }));
  const ops = payload.ops.map((op, i) => ({
    found: {
      key: `o${i}`,
      label: op.label,
      facts: [op.name, op.module, line(op.place)].filter(Boolean).join(" · "),
    },
    text: `${op.name} ${op.label} ${op.module} ${line(op.place)}`.toLowerCase(),
  }));
  return [...values, ...ops];
}

/** Exact labels first, then labels that begin with the text, then the rest. */
export function search(index: ReturnType<typeof searchIndex>, query: string): Found[] {
  const words = query.toLowerCase().trim();
  if (words === "") return [];
  const score = ({ found, text }: { found: Found; text: string }): number => {
    const label = found.label.toLowerCase();
    if (label === words) return 0;
    if (label.startsWith(words)) return 1;
    return text.includes(words) ? 2 : 3;
  };
  return index
    .map((entry) => ({ entry, score: score(entry) }))
    .filter((scored) => scored.score < 3)
    .sort((a, b) => a.score - b.score)
    .slice(0, SHOWN)
    .map((scored) => scored.entry.found);
}

export class FindBox {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly list: HTMLElement;
  private readonly disposer = new Disposer();
  private index: ReturnType<typeof searchIndex> | null = null;
  private results: Found[] = [];
  private active = 0;

  constructor(
    private readonly context: Context,
    private readonly choose: (key: string) => void,
  ) {
    const id = unique("found");
    this.list = h("div", { class: "gad-found", id, role: "listbox", "aria-label": "found" });
    this.input = h("input", {
      type: "search",
      class: "gad-find-input",
      placeholder: "find node, op, line…",
      role: "combobox",
      "aria-label": "find a node, an operation or a line",
      "aria-controls": id,
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      title: "find (/)",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.list.hidden = true;
    this.element = h("div", { class: "gad-find" }, this.input, this.list);
    this.disposer.listen(this.input, "input", () => this.search());
    this.disposer.listen<KeyboardEvent>(this.input, "keydown", (event) => this.key(event));
    this.disposer.listen(this.input, "blur", () => this.close());
  }

  dispose(): void {
    this.disposer.dispose();
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  private search(): void {
    this.index ??= searchIndex(this.context.payload);
    this.results = search(this.index, this.input.value);
    this.active = 0;
    this.draw();
  }

  private draw(): void {
    const rows = this.results.map((found, i) => {
      const row = h(
        "div",
        {
          class: "gad-found-row",
          role: "option",
          id: `${this.list.id}-${i}`,
          "aria-selected": String(i === this.active),
        },
        h("span", { class: "gad-found-label" }, found.label),
        h("span", { class: "gad-found-facts" }, found.facts),
      );
      // On press, not on click: the click comes after the box has lost the focus.
      row.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        this.take(found);
      });
      return row;
    });
    const nothing = this.input.value.trim() !== "" && rows.length === 0;
    if (nothing) rows.push(h("div", { class: "gad-found-none" }, "nothing found"));
    this.list.replaceChildren(...rows);
    this.list.hidden = rows.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    const active = this.results.length > 0 ? `${this.list.id}-${this.active}` : "";
    this.input.setAttribute("aria-activedescendant", active);
  }

  private key(event: KeyboardEvent): void {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      const by = key === "ArrowDown" ? 1 : -1;
      const count = Math.max(1, this.results.length);
      this.active = (this.active + by + count) % count;
      this.draw();
      event.preventDefault();
    } else if (key === "Enter") {
      const found = this.results[this.active];
      if (found !== undefined) this.take(found);
      event.preventDefault();
    } else if (key === "Escape") {
      this.input.value = "";
      this.close();
      this.input.blur();
    }
    // What is typed here is text, not a command to the Stepper.
    event.stopPropagation();
  }

  private take(found: Found): void {
    this.close();
    this.choose(found.key);
  }

  private close(): void {
    this.results = [];
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}
