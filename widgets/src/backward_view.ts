// The backward pass as a graph of its own, over the graph that it belongs to.
import { fromBase64 } from "./arrays";
import type { Context } from "./context";
import { Disposer, h } from "./dom";
import { reasonOf } from "./explained";
import { icon } from "./icons";
import type { Kernel } from "./kernel";
import { unpack } from "./packed";
import type { Payload } from "./payload";
import type { BackwardTold } from "./told";

/** A Stepper on another graph; the caller makes it, for it knows how. */
export interface Inner {
  element: HTMLElement;
  dispose(): void;
}

export type MakeInner = (payload: Payload, buffer: ArrayBuffer, kernel: Kernel | null) => Inner;

export class BackwardView {
  readonly button = h(
    "button",
    {
      type: "button",
      class: "gad-button gad-button-text gad-backward-button",
      title: "the backward pass as a graph of its own",
    },
    "backward graph",
  );
  readonly element = h("div", { class: "gad-overlay", role: "dialog", "aria-modal": "true" });
  private readonly disposer = new Disposer();
  private readonly place = h("div", { class: "gad-overlay-body" });
  private readonly close = h("button", {
    type: "button",
    class: "gad-button",
    "aria-label": "close the backward graph",
    title: "close (Esc)",
  });
  private inner: Inner | null = null;
  private before: Element | null = null;

  constructor(
    private readonly context: Context,
    private readonly make: MakeInner,
  ) {
    const { payload } = context;
    const label = payload.values[payload.output]?.label ?? "";
    const title = `the backward pass of ${label}, as a graph of its own`;
    this.close.append(icon("close"));
    this.element.setAttribute("aria-label", title);
    this.element.append(h("div", { class: "gad-overlay-head" }, h("h4", {}, title), this.close), this.place);
    this.element.hidden = true;
    this.button.hidden = !this.possible;
    this.disposer.listen(this.button, "click", () => this.open());
    this.disposer.listen(this.close, "click", () => this.hide());
    this.disposer.listen<KeyboardEvent>(
      this.element,
      "keydown",
      (event) => {
        // The graph inside takes Escape while something is selected in it.
        const inside = (event.target as Element).closest<HTMLElement>(".gad-overlay .gad-stepper");
        if (event.key !== "Escape" || (inside?.dataset.selected ?? "") !== "") return;
        event.stopPropagation();
        this.hide();
      },
      { capture: true },
    );
    // No key pressed in here is for the graph below.
    this.disposer.listen(this.element, "keydown", (event) => event.stopPropagation());
  }

  dispose(): void {
    this.inner?.dispose();
    this.disposer.dispose();
  }

  /** Whether there is a backward pass to be shown. */
  get possible(): boolean {
    return this.context.timeline.count > this.context.timeline.forwardSteps;
  }

  open(): void {
    this.before = document.activeElement;
    this.element.hidden = false;
    this.cover(true);
    this.close.focus({ preventScroll: true });
    if (this.inner !== null) return;
    this.place.textContent = "…";
    this.load().catch((error: unknown) => {
      this.place.textContent = reasonOf(error);
    });
  }

  private hide(): void {
    this.element.hidden = true;
    this.cover(false);
    if (this.before instanceof HTMLElement) this.before.focus({ preventScroll: true });
  }

  /** What lies below can be neither seen nor reached while this is open. */
  private cover(on: boolean): void {
    const root = this.element.parentElement;
    root?.classList.toggle("gad-covered", on);
    if (on) root?.scrollTo(0, 0);
    for (const part of root?.children ?? []) {
      if (part !== this.element) part.toggleAttribute("inert", on);
    }
  }

  private async load(): Promise<void> {
    const { explanations, kernel, payload } = this.context;
    const told: BackwardTold = await explanations.ask("backward", [payload.output]);
    if (told.reason !== "") throw new Error(told.reason);
    const graph = await unpack<Payload>(fromBase64(told.document));
    const ask: Kernel | null =
      kernel === null ? null : (type, question) => kernel(type, { ...question, graph: "backward" });
    this.inner = this.make(graph, fromBase64(told.buffer), ask);
    this.inner.element.classList.add("gad-fixed");
    this.place.replaceChildren(this.inner.element);
  }
}
