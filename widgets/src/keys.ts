// The keyboard, for the Stepper that has the focus.
import type { NodeAction } from "./debugger";
import { Disposer } from "./dom";
import type { Way } from "./stepping";

export interface KeyActions {
  forward(): void;
  back(): void;
  first(): void;
  last(): void;
  play(): void;
  granularity(): void;
  over(way: Way): void;
  into(way: Way): void;
  out(way: Way): void;
  run(way: Way): void;
  /** something to do with the node that has the focus, else the selected one */
  onNode(action: NodeAction, element: Element | null): void;
  help(): void;
  /** opens the next finding, or the one before */
  finding(way: Way): void;
  /** colours by the size of the gradient, or no longer */
  colour(): void;
  zoom(factor: number): void;
  fit(): void;
  find(): void;
  deselect(): void;
  focusNext(by: number): void;
  activate(element: Element): void;
}

/** Where a key belongs to the control itself: text, sliders, menus. */
const OWN = {
  text: "input:not([type=range]), textarea, [contenteditable=true]",
  slider: "input[type=range]",
  menu: "select",
  pressed: "button, [role=button]",
  scrolls: ".gad-grid, .gad-scrolls, .gad-formula, .gad-place code",
};

/** On a page of its own (`alone`) it also takes the keys pressed while nothing has the focus. */
export function listenKeys(root: HTMLElement, actions: KeyActions, alone: boolean): () => void {
  const disposer = new Disposer();
  // JupyterLab reads keys while they travel down; a plain key pressed in here is not
  // for the notebook ("x" would cut the cell), a chord such as Ctrl+S still is.
  disposer.listen<KeyboardEvent>(
    window,
    "keydown",
    (event) => {
      if (!event.composedPath().includes(root)) return;
      const chord =
        event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
      // JupyterLab looks for this mark from the element with the focus on upwards, and stops
      // at the first of its shortcuts that fits: the mark must be on that very element.
      const target = event.composedPath()[0];
      if (target instanceof Element) target.toggleAttribute("data-lm-suppress-shortcuts", !chord);
    },
    { capture: true },
  );
  disposer.listen<KeyboardEvent>(alone ? document : root, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as Element;
    if (!root.contains(target) && target !== document.body) return;
    if (event.key === "Enter" && target instanceof HTMLInputElement && target.matches(".gad-index")) {
      // A notebook may take Enter for itself: leaving the field says that it has changed.
      target.blur();
      if (target.isConnected) target.focus({ preventScroll: true });
      event.preventDefault();
      return;
    }
    if (target.closest(OWN.text) !== null || target.closest(OWN.menu) !== null) return;
    if (!handle(event, target, actions)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  return () => disposer.dispose();
}

const VERBS = { o: "over", i: "into", u: "out", c: "run" } as const;
const ON_NODE = { r: "run to", b: "break", w: "watch" } as const;

const isKeyOf = <T extends object>(table: T, key: string): key is string & keyof T => key in table;

function handle(event: KeyboardEvent, target: Element, actions: KeyActions): boolean {
  const node = target.closest("[data-node]");
  const letter = event.key.toLowerCase();
  if (isKeyOf(VERBS, letter)) {
    actions[VERBS[letter]](event.shiftKey ? -1 : 1);
    return true;
  }
  if (isKeyOf(ON_NODE, event.key)) {
    actions.onNode(ON_NODE[event.key], node);
    return true;
  }
  const arrow = event.key.startsWith("Arrow");
  if (arrow && target.closest(OWN.scrolls) !== null) return false;
  const onSlider = target.closest(OWN.slider) !== null;
  // A slider answers to the arrows itself, and moves by the same steps.
  if (onSlider && (arrow || event.key === "Home" || event.key === "End")) return false;
  switch (event.key) {
    case "ArrowRight":
    case "n":
      actions.forward();
      return true;
    case "ArrowLeft":
    case "p":
      actions.back();
      return true;
    case "Home":
      actions.first();
      return true;
    case "End":
      actions.last();
      return true;
    case "ArrowDown":
    case "ArrowUp":
      if (node === null) return false;
      actions.focusNext(event.key === "ArrowDown" ? 1 : -1);
      return true;
    case "Enter":
      if (node === null) return false;
      actions.activate(node);
      return true;
    case " ":
      // On a button Space presses the button, as everywhere.
      if (node === null && target.closest(OWN.pressed) !== null) return false;
      actions.play();
      return true;
    case "+":
    case "=":
      actions.zoom(1.25);
      return true;
    case "-":
      actions.zoom(0.8);
      return true;
    case "d":
    case "D":
      actions.finding(event.shiftKey ? -1 : 1);
      return true;
    case "s":
      actions.colour();
      return true;
    case "g":
      actions.granularity();
      return true;
    case "?":
      actions.help();
      return true;
    case "f":
      actions.fit();
      return true;
    case "/":
      actions.find();
      return true;
    case "Escape":
      actions.deselect();
      return true;
    default:
      return false;
  }
}
