// The watch list under the source: a number and its course over all steps for each.
import type { Context } from "./context";
import { Disposer, h, s, setText } from "./dom";
import { format } from "./format";
import { closeButton } from "./icons";
import {
  type Change,
  dataLabel,
  dataNumber,
  history,
  indexLength,
  numberAt,
  parseIndex,
  type Watch,
  watchLabel,
  watchName,
} from "./watch";

const SPARK = { width: 84, height: 18 };

interface Row {
  watch: Watch;
  changes: Change[] | null;
  number: HTMLElement;
  data: HTMLElement;
  now: SVGElement;
}

export class WatchPane {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "gad-list" });
  private readonly disposer = new Disposer();
  private rows: Row[] = [];

  constructor(private readonly context: Context) {
    this.element = h(
      "section",
      { class: "gad-subpane", "aria-label": "watched" },
      h("h4", {}, "watched"),
      this.list,
    );
  }

  dispose(): void {
    this.disposer.dispose();
  }

  /** Lists what is watched anew. */
  draw(): void {
    const { watches } = this.context.debug;
    this.element.hidden = watches.length === 0;
    const rows = watches.map((watch) => this.row(watch));
    this.rows = rows.map(([row]) => row);
    this.list.replaceChildren(...rows.map(([, element]) => element));
    this.update();
  }

  /** Shows the numbers at the current position. */
  update(): void {
    const position = this.context.position();
    for (const { watch, changes, number, data, now } of this.rows) {
      const x = changes === null ? null : numberAt(changes, position);
      const absent = changes === null ? "not sent" : "not yet";
      setText(number, x === null ? absent : format(x));
      setText(data, this.dataText(watch, position));
      now.setAttribute("transform", `translate(${this.x(position)} 0)`);
    }
  }

  private row(watch: Watch): [Row, HTMLElement] {
    const { payload, timeline, arrays } = this.context;
    const label = watchLabel(payload, watch);
    const changes = history(timeline, arrays, watch);
    const number = h("span", { class: "gad-watch-number" });
    const now = s("line", { class: "gad-spark-now", y1: 0, y2: SPARK.height });
    const spark = s(
      "svg",
      { class: "gad-spark", width: SPARK.width, height: SPARK.height, "aria-hidden": "true" },
      s("path", { class: "gad-spark-base", d: `M1 ${SPARK.height - 1.5}H${SPARK.width - 1}` }),
      now,
      s("path", { d: this.path(changes ?? []) }),
    );
    const remove = closeButton(`watch ${label} no longer`, "watch no longer");
    remove.addEventListener("click", () => this.context.debug.toggleWatch(watch));
    const { module } = payload.values[watch.value] ?? { module: "" };
    const title = module === "" ? null : `in ${module}`;
    const name = h("button", { type: "button", class: "gad-link-button gad-list-name", title }, label);
    const data = h("span", { class: "gad-watch-data" });
    name.addEventListener("click", () => this.context.select(`v${watch.value}`));
    const element = h(
      "li",
      { class: "gad-list-row gad-watch", "data-watch": watchName(watch) },
      name,
      this.indexField(watch),
      spark,
      number,
      remove,
      data,
    );
    return [{ watch, changes, number, data, now }, element];
  }

  /** What is there before the backward pass comes: the data, and in which module. */
  private dataText(watch: Watch, position: number): string {
    const { payload, timeline, arrays } = this.context;
    const { module } = payload.values[watch.value] ?? { module: "" };
    const x = timeline.filled(watch.value, position) ? dataNumber(payload, arrays, watch) : null;
    const found = x === null ? "" : `${dataLabel(payload, watch)} ${format(x)}`;
    return [found, module].filter((part) => part !== "").join(" · ");
  }

  /** A field that narrows the watch of a whole array to one of its elements. */
  private indexField(watch: Watch): HTMLElement | null {
    const shape = this.context.payload.values[watch.value]?.shape ?? [];
    if (watch.index !== null || shape.length === 0) return null;
    const field = h("input", {
      class: "gad-index",
      size: indexLength(shape),
      placeholder: `[${shape.map(() => "·").join(", ")}]`,
      "aria-label": `watch one element, of shape (${shape.join(", ")})`,
      title: "an index, to watch one element",
    });
    field.addEventListener("change", () => {
      const index = parseIndex(shape, field.value);
      field.setAttribute("aria-invalid", String(index === null));
      if (index !== null) this.context.debug.toggleWatch({ value: watch.value, index });
    });
    return field;
  }

  private x(position: number): number {
    return (position / Math.max(1, this.context.timeline.count)) * (SPARK.width - 2) + 1;
  }

  /** A line that keeps its height between changes; zero is always on the scale. */
  private path(changes: readonly Change[]): string {
    const finite = changes.map((change) => change.number).filter(Number.isFinite);
    const low = Math.min(0, ...finite);
    const high = Math.max(0, ...finite);
    const y = (x: number): string =>
      (1.5 + (SPARK.height - 3) * (high > low ? (high - x) / (high - low) : 0.5)).toFixed(1);
    let path = "";
    changes.forEach(({ position, number }, i) => {
      if (!Number.isFinite(number)) return;
      const joined = path !== "" && Number.isFinite(changes[i - 1]?.number);
      const end = changes[i + 1]?.position ?? this.context.timeline.count;
      path += `${joined ? "L" : "M"}${this.x(position).toFixed(1)} ${y(number)}H${this.x(end).toFixed(1)}`;
    });
    return path;
  }
}
