// The controls on top.
import type { Context } from "./context";
import { Disposer, h, setAttribute, setText, unique } from "./dom";
import { icon, type IconName } from "./icons";
import type { Granularity, Way } from "./stepping";

export interface ToolbarActions {
  first(): void;
  back(): void;
  forward(): void;
  last(): void;
  play(): void;
  granularity(granularity: Granularity): void;
  over(way: Way): void;
  into(way: Way): void;
  out(way: Way): void;
  run(way: Way): void;
  help(): void;
  speed(factor: number): void;
  compact(on: boolean): void;
  pane(name: "source" | "inspector"): void;
  theme(): void;
}

const SPEEDS = [0.5, 1, 2, 4];

export class Toolbar {
  readonly element: HTMLElement;
  private readonly pill = h("span", { class: "gad-pill" });
  private readonly disposer = new Disposer();
  private readonly buttons: Record<
    "first" | "back" | "forward" | "last" | "play" | "source" | "inspector",
    HTMLButtonElement
  >;
  private readonly granularity: HTMLSelectElement;
  /** what stands in the row where there is room, and opens from a button where there is not */
  private readonly panel: HTMLElement;
  private readonly more: HTMLButtonElement;

  constructor(
    private readonly context: Context,
    actions: ToolbarActions,
    find: HTMLElement,
  ) {
    this.buttons = {
      first: this.button("first", "first position (Home)", actions.first),
      back: this.button("back", "one step back (←)", actions.back),
      forward: this.button("forward", "one step forward (→)", actions.forward),
      last: this.button("last", "last position (End)", actions.last),
      play: this.button("play", "play (Space)", actions.play),
      source: this.button("source", "source, breakpoints and watches", () => actions.pane("source")),
      inspector: this.button("inspector", "inspector", () => actions.pane("inspector")),
    };
    const { first, back, forward, last, play, source, inspector } = this.buttons;
    back.append(h("span", { class: "gad-word" }, "back"));
    forward.prepend(h("span", { class: "gad-word" }, "step"));
    for (const button of [back, forward]) button.classList.add("gad-button-text");
    const { hasModules } = context.debug.stepping;
    this.granularity = this.select(
      "what a step is (g)",
      ["op", "edge", ...(hasModules ? ["module"] : [])].map((name) => [name, `by ${name}`]),
      "op",
      (value) => actions.granularity(value as Granularity),
    );
    // Shift turns a verb round, as it does with the keys.
    const verb = (name: IconName, label: string, act: (way: Way) => void): HTMLButtonElement =>
      this.button(name, label, (event) => act(event.shiftKey ? -1 : 1));
    const verbs = [
      verb("over", "step over a module (o)", actions.over),
      verb("into", "step into a module (i)", actions.into),
      verb("out", "step out of a module (u)", actions.out),
    ];
    const backwards = [
      this.extra("backOver", "back over a module", "Shift+O", () => actions.over(-1)),
      this.extra("backInto", "back into a module", "Shift+I", () => actions.into(-1)),
      this.extra("backOut", "back out of a module", "Shift+U", () => actions.out(-1)),
    ];
    const speed = this.select(
      "speed of play",
      SPEEDS.map((factor) => [String(factor), `${factor}×`]),
      "1",
      (value) => actions.speed(Number(value)),
    );
    const view = this.select(
      "view",
      [
        ["bipartite", "bipartite"],
        ["compact", "compact"],
      ],
      "bipartite",
      (value) => actions.compact(value === "compact"),
    );
    const id = unique("more");
    this.panel = h(
      "div",
      { class: "gad-overflow-panel", id },
      ...(hasModules ? [h("div", { class: "gad-tools gad-backwards" }, ...backwards)] : []),
      h("label", { class: "gad-tools gad-view" }, h("span", {}, "view"), view),
      h(
        "div",
        { class: "gad-tools gad-page-tools" },
        this.extra("theme", "light or dark", "", actions.theme),
        this.extra("help", "keys", "?", actions.help),
      ),
    );
    this.more = this.button("more", "more", () => this.showMore(this.panel.dataset.open === undefined));
    this.more.setAttribute("aria-controls", id);
    this.showMore(false);
    this.disposer.listen<KeyboardEvent>(this.panel, "keydown", (event) => {
      if (event.key !== "Escape" || this.panel.dataset.open === undefined) return;
      event.stopPropagation();
      this.showMore(false);
      this.more.focus({ preventScroll: true });
    });
    // A click anywhere else closes it, also on the page around a Stepper.
    this.disposer.listen<PointerEvent>(document, "pointerdown", (event) => {
      const path = event.composedPath();
      if (!path.includes(this.panel) && !path.includes(this.more)) this.showMore(false);
    });
    this.element = h(
      "div",
      { class: "gad-toolbar", role: "toolbar", "aria-label": "Stepper" },
      h("div", { class: "gad-tools" }, first, back, forward, last),
      h("div", { class: "gad-tools" }, play, speed),
      h(
        "div",
        { class: "gad-tools gad-verbs" },
        this.granularity,
        ...(hasModules ? verbs : []),
        this.button("rewind", "run back to a breakpoint (Shift+C)", () => actions.run(-1)),
        this.button("run", "run to a breakpoint (c)", () => actions.run(1)),
      ),
      h("div", { class: "gad-overflow" }, this.more, this.panel),
      this.pill,
      h("span", { class: "gad-spring" }),
      find,
      h("div", { class: "gad-tools gad-panes" }, source, inspector),
    );
  }

  dispose(): void {
    this.disposer.dispose();
  }

  update(): void {
    const position = this.context.position();
    const { timeline } = this.context;
    const step = timeline.step(position);
    const title = timeline.title(position);
    setText(this.pill, title);
    setAttribute(this.pill, "title", title);
    this.pill.dataset.phase = step?.phase ?? "start";
    // Not `disabled`, which would drop the focus at either end.
    const ends: [HTMLButtonElement, boolean][] = [
      [this.buttons.first, position === 0],
      [this.buttons.back, position === 0],
      [this.buttons.forward, position === timeline.count],
      [this.buttons.last, position === timeline.count],
    ];
    for (const [button, off] of ends) setAttribute(button, "aria-disabled", off ? "true" : null);
  }

  setGranularity(granularity: Granularity): void {
    this.granularity.value = granularity;
  }

  setPlaying(playing: boolean): void {
    const { play } = this.buttons;
    play.replaceChildren(icon(playing ? "pause" : "play"));
    const label = playing ? "pause (Space)" : "play (Space)";
    play.title = label;
    play.setAttribute("aria-label", label);
    play.setAttribute("aria-pressed", String(playing));
  }

  setPane(name: "source" | "inspector", open: boolean): void {
    this.buttons[name].setAttribute("aria-pressed", String(open));
  }

  private showMore(open: boolean): void {
    this.panel.toggleAttribute("data-open", open);
    setAttribute(this.more, "aria-expanded", String(open));
  }

  /** A button that shows its words where it stands in the panel. */
  private extra(name: IconName, label: string, key: string, act: () => void): HTMLButtonElement {
    const button = this.button(name, key === "" ? label : `${label} (${key})`, act);
    button.append(h("span", { class: "gad-extra-word" }, label));
    return button;
  }

  private button(
    name: IconName,
    label: string,
    act: (event: MouseEvent) => void,
  ): HTMLButtonElement {
    const button = h("button", {
      type: "button",
      class: `gad-button gad-button-${name}`,
      title: label,
      "aria-label": label,
    });
    button.append(icon(name));
    this.disposer.listen(button, "click", act);
    return button;
  }

  private select(
    label: string,
    options: [string, string][],
    chosen: string,
    act: (value: string) => void,
  ): HTMLSelectElement {
    const select = h(
      "select",
      { class: "gad-select", "aria-label": label, title: label },
      ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
    );
    this.disposer.listen(select, "change", () => act(select.value));
    return select;
  }
}
