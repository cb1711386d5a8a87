// The controls on top.
import type { Context } from "./context";
import { Disposer, h, setAttribute, setText } from "./dom";
import { icon, type IconName } from "./icons";

export interface ToolbarActions {
  first(): void;
  back(): void;
  forward(): void;
  last(): void;
  play(): void;
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
    "first" | "back" | "forward" | "last" | "play" | "source" | "inspector" | "theme",
    HTMLButtonElement
  >;

  constructor(
    private readonly context: Context,
    actions: ToolbarActions,
    find: HTMLElement,
    hasSource: boolean,
  ) {
    this.buttons = {
      first: this.button("first", "first position (Home)", actions.first),
      back: this.button("back", "one step back (←)", actions.back),
      forward: this.button("forward", "one step forward (→)", actions.forward),
      last: this.button("last", "last position (End)", actions.last),
      play: this.button("play", "play (Space)", actions.play),
      source: this.button("source", "source", () => actions.pane("source")),
      inspector: this.button("inspector", "inspector", () => actions.pane("inspector")),
      theme: this.button("theme", "light or dark", actions.theme),
    };
    this.buttons.source.hidden = !hasSource;
    const { first, back, forward, last, play, source, inspector, theme } = this.buttons;
    back.append(h("span", { class: "gad-word" }, "back"));
    forward.prepend(h("span", { class: "gad-word" }, "step"));
    for (const button of [back, forward]) button.classList.add("gad-button-text");
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
    this.element = h(
      "div",
      { class: "gad-toolbar", role: "toolbar", "aria-label": "Stepper" },
      h("div", { class: "gad-tools" }, first, back, forward, last),
      h("div", { class: "gad-tools" }, play, speed),
      this.pill,
      h("span", { class: "gad-spring" }),
      h("label", { class: "gad-tools gad-view" }, h("span", {}, "view"), view),
      find,
      h("div", { class: "gad-tools gad-panes" }, source, inspector, theme),
    );
  }

  dispose(): void {
    this.disposer.dispose();
  }

  update(): void {
    const position = this.context.position();
    const { timeline } = this.context;
    const step = timeline.step(position);
    setText(this.pill, step?.title ?? "start");
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

  private button(name: IconName, label: string, act: () => void): HTMLButtonElement {
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
