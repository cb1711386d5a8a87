// The paths from a value to the loss: how many, and the strongest, to be shown in the diagram.
import type { Context } from "./context";
import { h } from "./dom";
import { reasonOf } from "./explained";
import { Folded } from "./folded";
import { format, toNumber } from "./format";
import { matrixCanvas } from "./matrix";
import type { MatrixTold, PathsTold } from "./told";

export class PathsView {
  readonly element: HTMLElement;
  private readonly folded: Folded;
  private drawn = "";

  constructor(
    private readonly context: Context,
    private readonly value: number,
  ) {
    this.folded = new Folded(context, "paths", ["paths to the loss"], () => this.draw());
    this.element = this.folded.element;
  }

  update(): void {
    this.folded.update();
  }

  private draw(): void {
    const theme = this.context.theme();
    if (this.drawn === theme) return;
    this.drawn = theme;
    const { body } = this.folded;
    body.replaceChildren("…");
    this.context.explanations.ask("paths", [this.value]).then(
      (told) => body.replaceChildren(...this.tell(told)),
      (error: unknown) => body.replaceChildren(reasonOf(error)),
    );
  }

  private tell(told: PathsTold): HTMLElement[] {
    const more = told.exact ? "" : ", as far as the strongest at each value were followed";
    const several = told.paths.length > 1;
    const head = several ? `${told.told}; the strongest${more}:` : `${told.told}.`;
    const buttons = told.paths.map(({ label, share, norm, edges, picture }) => {
      const scalar = picture?.cells.length === 1 ? format(toNumber(picture.cells[0] ?? 0)) : null;
      const size = scalar ?? `norm ${format(toNumber(norm))}`;
      const button = h(
        "button",
        { type: "button", class: "gad-path", "aria-pressed": "false", "data-edges": edges.join(" ") },
        h(
          "span",
          { class: "gad-path-head" },
          picture === null || picture.cells.length === 1 ? null : this.small(picture),
          h("span", {}, several ? `${percent(toNumber(share))} · ${size}` : size),
        ),
        h("span", { class: "gad-path-label" }, label),
      );
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        for (const other of buttons) other.setAttribute("aria-pressed", String(on && other === button));
        this.context.highlight(on ? edges : []);
        if (on) this.context.announce(`path of ${size}: ${label}`);
      });
      return button;
    });
    return [h("p", {}, head), h("div", { class: "gad-paths" }, ...buttons)];
  }

  private small(picture: MatrixTold): HTMLElement {
    const cell = Math.min(44 / picture.cols, 26 / picture.rows, 8);
    const size = { width: Math.max(6, cell * picture.cols), height: Math.max(5, cell * picture.rows) };
    return matrixCanvas(this.context, picture, "gradient", size, "what arrives along this path");
  }
}

/** A share in whole percent. */
export const percent = (share: number): string =>
  share > 0 && share < 0.01 ? "< 1%" : `${Math.round(100 * share)}%`;
