// The local Jacobian of an operation for one input, and the gradient as vector × Jacobian.
import type { Context } from "./context";
import { h } from "./dom";
import { reasonOf } from "./explained";
import { Folded } from "./folded";
import { format, toNumber } from "./format";
import { cellColours } from "./heatmap";
import { type Of, palette } from "./colours";
import { asPicture, matrixCanvas, peakOf } from "./matrix";
import { gradientName } from "./names";
import type { JacobianTold, MatrixTold } from "./told";
import { elementName } from "./watch";

const MAP = { width: 264, height: 200, strip: 13 };
const TABLE = { rows: 8, cols: 6 };

interface Choice {
  slot: number;
  output: number;
  label: string;
}

export class JacobianView {
  readonly element: HTMLElement;
  private readonly folded: Folded;
  private readonly choices: Choice[];
  private readonly shown = h("div");
  private choice = 0;
  private drawn = "";

  constructor(
    private readonly context: Context,
    private readonly op: number,
  ) {
    const { ops, values, edges } = context.payload;
    const { inputs, outputs } = ops[op] ?? { inputs: [], outputs: [] };
    const label = (value: number): string => values[value]?.label ?? "";
    this.choices = inputs
      .filter(({ edge }) => edges[edge]?.contribution != null)
      .flatMap(({ slot, value }) =>
        outputs
          .map((made, output) => ({ slot, output, made }))
          .filter(({ made }) => values[made]?.gradient != null)
          .map(({ output, made }) => {
            const twice = inputs.filter((input) => input.value === value).length > 1;
            const which = twice ? `, input ${slot + 1}` : "";
            return { slot, output, label: `∂${bracketed(label(made))}/∂${bracketed(label(value))}${which}` };
          }),
      );
    this.folded = new Folded(context, "jacobian", ["local Jacobian"], () => this.draw());
    this.folded.body.append(this.chooser() ?? "", this.shown);
    this.element = this.folded.element;
    this.element.hidden = this.choices.length === 0;
  }

  update(): void {
    if (this.choices.length > 0) this.folded.update();
  }

  private chooser(): HTMLElement | null {
    if (this.choices.length < 2) return null;
    const select = h(
      "select",
      { class: "gad-select", "aria-label": "which Jacobian" },
      ...this.choices.map(({ label }, i) => h("option", { value: i }, label)),
    );
    select.addEventListener("change", () => {
      this.choice = Number(select.value);
      this.draw();
    });
    return select;
  }

  private draw(): void {
    const { timeline, explanations } = this.context;
    const choice = this.choices[this.choice];
    if (choice === undefined) return;
    const position = this.context.position();
    const known = explanations.get("jacobian", [this.op, choice.slot, choice.output]);
    const ran = timeline.ran(this.op, position);
    // What the backward pass has not reached is not shown as numbers.
    const read = known === undefined ? false : timeline.gradient(known.output, position).state === "arrived";
    const sent = known === undefined ? false : timeline.hasArrived(known.edge, position);
    const drawn = [this.choice, known !== undefined, ran, read, sent, this.context.theme()].join();
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    if (!ran) {
      this.shown.replaceChildren("The operation has not run yet.");
    } else if (known === undefined) {
      this.shown.replaceChildren("…");
      explanations.ask("jacobian", [this.op, choice.slot, choice.output]).then(
        () => this.draw(),
        (error: unknown) => this.shown.replaceChildren(reasonOf(error)),
      );
    } else {
      this.shown.replaceChildren(...this.tell(known, read, sent));
    }
  }

  private tell(told: JacobianTold, read: boolean, sent: boolean): HTMLElement[] {
    const { values } = this.context.payload;
    const upstream = gradientName(values[told.output]?.label ?? "");
    const product = gradientName(values[told.value]?.label ?? "");
    const parts: HTMLElement[] = [
      h(
        "p",
        { class: "gad-jacobian-told", "data-structure": told.structure },
        h("b", {}, told.label),
        ` ${told.rows} × ${told.cols}, ${told.told}.`,
      ),
    ];
    if (told.picture !== null) {
      const small = told.rows <= TABLE.rows && told.cols <= TABLE.cols;
      parts.push(small ? this.table(told, read, sent) : this.map(told, told.picture, read, sent));
      parts.push(
        h(
          "p",
          { class: "gad-caption" },
          this.single(told) ? "" : "contribution to ",
          product,
          " = ",
          upstream,
          " × Jacobian: each row is weighted by its element of ",
          upstream.cloneNode(true),
          ", and the columns add up.",
        ),
      );
    }
    for (const { index, picture } of told.samples) parts.push(this.sample(told, index, picture));
    if (told.singular.length > 0) {
      const list = told.singular.map((value) => format(toNumber(value))).join(", ");
      parts.push(h("p", { class: "gad-singular" }, `singular values, the largest: ${list}`));
    }
    return parts;
  }

  private single({ edge }: JacobianTold): boolean {
    return this.context.payload.edges[edge]?.total === 1;
  }

  /** Few numbers: the vector on the left, the matrix, and the product below it. */
  private table(told: JacobianTold, read: boolean, sent: boolean): HTMLElement {
    const { values } = this.context.payload;
    const [made, taken] = [values[told.output], values[told.value]];
    const cells = (matrix: MatrixTold | null, of: Of, known: boolean): HTMLElement[] => {
      if (matrix === null) return [];
      const picture = asPicture(matrix);
      const [colours, peak] = [palette(this.context.theme(), of), peakOf(picture)];
      return Array.from(picture.cells, (x) => {
        if (!known) return h("td", { class: "gad-unknown", title: "not reached yet" }, "·");
        const [background, ink] = cellColours(x, colours, peak);
        const cell = h("td", {}, format(x));
        cell.style.cssText = `background:${background};color:${ink}`;
        return cell;
      });
    };
    const matrix = cells(told.picture, "data", true);
    const vector = cells(told.vector, "gradient", read);
    const product = cells(told.product, "gradient", sent);
    // The heading names the values: an index is enough here.
    const name = (spec: typeof made, flat: number): string =>
      spec === undefined || spec.shape.length === 0 ? (spec?.label ?? "") : elementName("", spec.shape, flat);
    const rows = Array.from({ length: told.rows }, (_, i) =>
      h(
        "tr",
        {},
        vector[i] ?? h("td"),
        h("th", { scope: "row" }, name(made, i)),
        ...matrix.slice(i * told.cols, (i + 1) * told.cols),
      ),
    );
    const heads = Array.from({ length: told.cols }, (_, j) => h("th", { scope: "col" }, name(taken, j)));
    return h(
      "div",
      { class: "gad-scrolls", tabindex: 0, role: "region", "aria-label": told.label },
      h(
        "table",
        { class: "gad-table gad-jacobian" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, gradientName(made?.label ?? "")), h("td"), ...heads)),
        h("tbody", {}, ...rows),
        h("tfoot", {}, h("tr", {}, h("td"), h("th", { scope: "row" }, gradientName(taken?.label ?? "")), ...product)),
      ),
    );
  }

  /** Many numbers: the same as a heat map between two strips. */
  private map(told: JacobianTold, picture: MatrixTold, read: boolean, sent: boolean): HTMLElement {
    const scale = Math.min(MAP.width / picture.cols, MAP.height / picture.rows, 14);
    const width = Math.max(24, Math.round(scale * picture.cols));
    const height = Math.max(24, Math.round(scale * picture.rows));
    const kind = picture.exact ? "" : "summary of the ";
    const label = `${kind}Jacobian ${told.label}, ${told.rows} by ${told.cols}, ${told.told}`;
    const matrix = matrixCanvas(this.context, picture, "data", { width, height }, label);
    const strip = (row: MatrixTold | null, known: boolean, down: boolean, what: string): HTMLElement => {
      const size = down ? { width: MAP.strip, height } : { width, height: MAP.strip };
      if (row === null || !known) {
        const blank = h("div", { class: "gad-empty", role: "img", "aria-label": `${what}: not reached yet` });
        blank.style.cssText = `width:${size.width}px;height:${size.height}px`;
        return blank;
      }
      const turned = down ? { ...row, rows: row.cols, cols: 1 } : row;
      return matrixCanvas(this.context, turned, "gradient", size, what);
    };
    const readout = h("div", { class: "gad-readout" });
    matrix.addEventListener("pointermove", (event) => {
      const box = matrix.getBoundingClientRect();
      const at = (x: number, length: number, count: number): number =>
        Math.max(0, Math.min(count - 1, Math.floor((x / length) * count)));
      const i = at(event.clientY - box.top, box.height, picture.rows);
      const j = at(event.clientX - box.left, box.width, picture.cols);
      readout.textContent = this.entry(told, picture, i, j);
    });
    matrix.addEventListener("pointerleave", () => {
      readout.textContent = "";
    });
    const { values } = this.context.payload;
    const [made, taken] = [values[told.output]?.label ?? "", values[told.value]?.label ?? ""];
    return h(
      "div",
      { class: "gad-jacobian-map" },
      h(
        "div",
        { class: "gad-jacobian-rows" },
        h("div", { class: "gad-jacobian-name" }, gradientName(made)),
        strip(told.vector, read, true, `${made}∇, one cell per row`),
        matrix,
      ),
      h(
        "div",
        { class: "gad-jacobian-rows" },
        h("div", { class: "gad-jacobian-name" }, gradientName(taken)),
        h("div", { class: "gad-jacobian-corner" }),
        strip(told.product, sent, false, `contribution to ${taken}∇, one cell per column`),
      ),
      readout,
    );
  }

  private entry(told: JacobianTold, picture: MatrixTold, i: number, j: number): string {
    const x = format(toNumber(picture.cells[i * picture.cols + j] ?? "NaN"));
    if (!picture.exact) return `largest of the block: ${x}`;
    const { values } = this.context.payload;
    const [made, taken] = [values[told.output], values[told.value]];
    const [above, below] = [
      elementName(made?.label ?? "", made?.shape ?? [], i),
      elementName(taken?.label ?? "", taken?.shape ?? [], j),
    ];
    return `∂${above}/∂${below} = ${x}`;
  }

  private sample(told: JacobianTold, index: number[], picture: MatrixTold): HTMLElement {
    const label = this.context.payload.values[told.output]?.label ?? "";
    const name = `${bracketed(label)}[${index.join(", ")}]`;
    const size = { width: MAP.width - 60, height: MAP.strip };
    const row = matrixCanvas(this.context, picture, "data", size, `the row of ${name}`);
    return h("div", { class: "gad-jacobian-sample" }, h("span", {}, name), row);
  }
}

const bracketed = (label: string): string => (/^\w+$/.test(label) ? label : `(${label})`);
