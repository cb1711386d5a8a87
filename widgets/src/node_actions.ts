// What can be done with a node: a row of buttons in the inspector, a menu in the diagram.
import type { Context } from "./context";
import type { NodeAction } from "./debugger";
import { Disposer, h } from "./dom";

const ACTIONS: { action: NodeAction; label: string; key: string }[] = [
  { action: "run to", label: "run to here", key: "r" },
  { action: "break", label: "break here", key: "b" },
  { action: "watch", label: "watch", key: "w" },
];

/** The buttons for one node; `done` is called once one has been pressed. */
export class NodeActions {
  readonly element = h("div", { class: "gad-actions" });
  private readonly buttons: [NodeAction, HTMLButtonElement][];
  private readonly checked: string;
  private readonly disposer = new Disposer();

  constructor(
    private readonly context: Context,
    private readonly key: string,
    role: string | null = null,
    done: () => void = () => {},
  ) {
    const forKey = ACTIONS.filter(({ action }) => action !== "watch" || key.startsWith("v"));
    this.buttons = forKey.map(({ action, label, key: letter }) => {
      const button = h(
        "button",
        {
          type: "button",
          class: "gad-action",
          role: role === null || action === "run to" ? role : `${role}checkbox`,
          "data-action": action,
          title: `${label} (${letter})`,
        },
        label,
      );
      this.disposer.listen(button, "click", () => {
        context.debug.act(action, key);
        done();
      });
      this.element.append(button);
      return [action, button];
    });
    this.checked = role === null ? "aria-pressed" : "aria-checked";
    this.update();
  }

  update(): void {
    for (const [action, button] of this.buttons) {
      const { debug } = this.context;
      button.disabled = !debug.can(action, this.key);
      if (action === "run to") continue;
      button.setAttribute(this.checked, String(debug.done(action, this.key)));
    }
  }

  focus(): void {
    this.buttons[0]?.[1].focus({ preventScroll: true });
  }

  dispose(): void {
    this.disposer.dispose();
  }
}

/** The same as a menu beside the pointer. */
export class NodeMenu {
  readonly element = h("div", { class: "gad-menu", role: "menu", "aria-label": "node" });
  private actions: NodeActions | null = null;
  private before: HTMLElement | null = null;
  private readonly disposer = new Disposer();

  constructor(
    private readonly context: Context,
    root: HTMLElement,
  ) {
    this.element.hidden = true;
    this.disposer.listen<MouseEvent>(root, "contextmenu", (event) => {
      const node = (event.target as Element).closest<HTMLElement>("[data-node]");
      const key = node?.dataset.node?.split(".")[0] ?? "";
      if (!/^[vo]/.test(key)) return;
      event.preventDefault();
      this.open(key, event, root);
    });
    this.disposer.listen<PointerEvent>(root, "pointerdown", (event) => {
      if (!event.composedPath().includes(this.element)) this.close();
    });
    this.disposer.listen<KeyboardEvent>(this.element, "keydown", (event) => this.typed(event));
  }

  dispose(): void {
    this.actions?.dispose();
    this.disposer.dispose();
  }

  private open(key: string, event: MouseEvent, root: HTMLElement): void {
    this.actions?.dispose();
    this.before = document.activeElement as HTMLElement | null;
    this.actions = new NodeActions(this.context, key, "menuitem", () => this.close());
    this.element.replaceChildren(this.actions.element);
    this.element.hidden = false;
    const box = root.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.element;
    const left = Math.min(event.clientX - box.left, box.width - offsetWidth - 4);
    const top = Math.min(event.clientY - box.top, box.height - offsetHeight - 4);
    this.element.style.left = `${Math.max(0, left)}px`;
    this.element.style.top = `${Math.max(0, top)}px`;
    this.actions.focus();
  }

  private close(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.before?.focus({ preventScroll: true });
  }

  private typed(event: KeyboardEvent): void {
    const items = [...this.element.querySelectorAll<HTMLButtonElement>("button:enabled")];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape" || event.key === "Tab") this.close();
    else if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items.at(at - 1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
