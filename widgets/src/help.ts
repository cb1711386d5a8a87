// The list of keys.
import { Disposer, h } from "./dom";
import { closeButton } from "./icons";

const KEYS: [string, [string, string][]][] = [
  [
    "stepping",
    [
      ["→  n", "one step"],
      ["←  p", "one step back"],
      ["g", "what a step is: op, edge (one contribution), module"],
      ["o", "step over a module"],
      ["i", "step into a module"],
      ["u", "step out of a module"],
      ["c", "run to a breakpoint, or to the end"],
      ["Shift", "with o, i, u, c: the same, backwards"],
      ["Home  End", "first, last position"],
      ["Space", "play, pause"],
    ],
  ],
  [
    "on the node that has the focus, or the selected one",
    [
      ["r", "run to here"],
      ["b", "break here, or no longer"],
      ["w", "watch, or no longer"],
      ["Enter", "select; open or close a box"],
      ["↑  ↓", "previous, next node"],
    ],
  ],
  [
    "view",
    [
      ["+  −  f", "zoom in, out, fit"],
      ["s", "colour by the size of the gradient, or no longer"],
      ["d", "open the next finding; with Shift the one before"],
      ["/", "find"],
      ["Esc", "close, select nothing"],
      ["?", "these keys"],
    ],
  ],
];

export class Help {
  readonly element: HTMLElement;
  private readonly disposer = new Disposer();
  private before: HTMLElement | null = null;

  constructor() {
    const close = closeButton("close the keys");
    this.disposer.listen(close, "click", () => this.toggle());
    this.element = h(
      "div",
      { class: "gad-help", role: "dialog", "aria-label": "keys", tabindex: -1 },
      h("div", { class: "gad-pane-head" }, h("span", {}, "keys"), close),
      ...KEYS.map(([title, keys]) =>
        h(
          "section",
          {},
          h("h4", {}, title),
          h(
            "dl",
            {},
            ...keys.flatMap(([key, does]) => [
              h("dt", {}, ...key.split("  ").map((name) => h("kbd", {}, name))),
              h("dd", {}, does),
            ]),
          ),
        ),
      ),
    );
    this.element.hidden = true;
    this.disposer.listen<KeyboardEvent>(this.element, "keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.toggle();
    });
  }

  /** Opens, and gives the focus back to where it was when it closes. */
  toggle(): void {
    this.element.hidden = !this.element.hidden;
    if (this.element.hidden) {
      this.before?.focus({ preventScroll: true });
      return;
    }
    this.before = document.activeElement as HTMLElement | null;
    this.element.focus({ preventScroll: true });
  }

  dispose(): void {
    this.disposer.dispose();
  }
}
