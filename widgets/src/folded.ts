// A part of the inspector under its heading: nothing in it is asked for or drawn until it is opened.
import type { Context } from "./context";
import { type Child, h } from "./dom";

/** What the user has opened stays open from one node to the next. */
const opened = new WeakMap<Context, Set<string>>();

export class Folded {
  readonly element: HTMLDetailsElement;
  readonly body = h("div", { class: "gad-folded-body" });

  constructor(
    context: Context,
    name: string,
    title: Child[],
    private readonly draw: () => void,
  ) {
    const open = opened.get(context) ?? new Set();
    opened.set(context, open);
    this.element = h(
      "details",
      { class: "gad-section gad-folded", "data-section": name, open: open.has(name) },
      h("summary", {}, ...title),
      this.body,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) open.add(name);
      else open.delete(name);
      this.update();
    });
  }

  /** Draws what is inside, where it can be seen. */
  update(): void {
    if (this.element.open) this.draw();
  }
}
