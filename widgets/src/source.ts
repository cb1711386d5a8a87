// The left pane: the lines of the user's code that made the graph.
import { lineBreakpoint } from "./breakpoints";
import type { Context } from "./context";
import { Disposer, h, setAttribute } from "./dom";
import { BreakpointPane } from "./breakpoint_pane";
import { closeButton } from "./icons";
import type { Place, SourceSpec } from "./payload";
import { WatchPane } from "./watch_pane";

const ALL = 80; // a source of at most this many lines is shown whole
const AROUND = 2;
const GONE = "The lines of code that made this graph are gone.";

/** The line numbers of a source to show, in order; gaps are left where nothing happened. */
export function shownLines(source: SourceSpec, used: ReadonlySet<number>): number[] {
  const last = source.first_line + source.lines.length - 1;
  const lines: number[] = [];
  for (let line = source.first_line; line <= last; line += 1) {
    let near = source.lines.length <= ALL;
    for (let d = -AROUND; d <= AROUND && !near; d += 1) near = used.has(line + d);
    if (near) lines.push(line);
  }
  return lines;
}

export class SourcePane {
  readonly element: HTMLElement;
  readonly empty: boolean;
  private readonly gutter: { source: number; line: number; button: HTMLElement }[] = [];
  private readonly breakpoints: BreakpointPane;
  private readonly watches: WatchPane;
  private readonly rows = new Map<string, HTMLElement>();
  private frame = 0;
  private marked: HTMLElement[] = [];
  private readonly body = h("div", { class: "gad-pane-body gad-code" });
  private readonly disposer = new Disposer();

  constructor(
    private readonly context: Context,
    close: () => void,
  ) {
    const { payload } = context;
    const ops = new Map<string, number[]>();
    payload.ops.forEach((op, index) => {
      if (op.place === null) return;
      const name = `${op.place.source}:${op.place.line}`;
      ops.set(name, [...(ops.get(name) ?? []), index]);
    });
    this.empty = payload.sources.every((source) => source.lines.length === 0) || ops.size === 0;
    payload.sources.forEach((source, s) => {
      const used = new Set<number>();
      for (const name of ops.keys()) {
        const [of, line] = name.split(":").map(Number);
        if (of === s && line !== undefined) used.add(line);
      }
      if (used.size > 0 && source.lines.length > 0) this.list(source, s, used, ops);
    });
    if (this.empty) this.body.append(h("p", { class: "gad-code-gap" }, GONE));
    this.breakpoints = new BreakpointPane(context);
    this.watches = new WatchPane(context);
    this.disposer.add(() => this.breakpoints.dispose());
    this.disposer.add(() => this.watches.dispose());
    const button = closeButton("close the source");
    this.disposer.listen(button, "click", close);
    this.element = h(
      "aside",
      { class: "gad-pane gad-source", "aria-label": "source" },
      h("div", { class: "gad-pane-head" }, h("span", {}, "source"), button),
      this.body,
      this.breakpoints.element,
      this.watches.element,
    );
    this.drawDebug();
  }

  /** Shows the breakpoints and watches anew, in the lists and in the gutter. */
  drawDebug(): void {
    this.breakpoints.draw();
    this.watches.draw();
    const { breakpoints } = this.context.debug;
    for (const { source, line, button } of this.gutter) {
      const set = breakpoints.onLine(source, line) !== undefined;
      setAttribute(button, "aria-pressed", String(set));
    }
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.disposer.dispose();
  }

  private list(
    source: SourceSpec,
    index: number,
    used: ReadonlySet<number>,
    ops: ReadonlyMap<string, number[]>,
  ): void {
    this.body.append(h("h4", { class: "gad-code-title" }, source.title));
    let previous = source.first_line - 1;
    for (const line of shownLines(source, used)) {
      if (line !== previous + 1) this.body.append(h("div", { class: "gad-code-gap" }, "⋯"));
      previous = line;
      const name = `${index}:${line}`;
      const here = ops.get(name);
      const kind = here === undefined ? "span" : "button";
      const number = h(kind, { class: "gad-code-number" }, String(line));
      const text = h(kind, { class: "gad-code-text" }, source.lines[line - source.first_line] ?? "");
      const row = h("div", { class: "gad-code-line", "data-line": line }, number, text);
      if (here !== undefined) {
        for (const button of [number, text]) button.setAttribute("type", "button");
        number.setAttribute("aria-label", `break at line ${line}`);
        number.title = "break here, or no longer";
        this.gutter.push({ source: index, line, button: number });
        this.disposer.listen(number, "click", () => this.toggle(index, line));
        this.disposer.listen(text, "click", () => this.choose(here));
      }
      this.rows.set(name, row);
      this.body.append(row);
    }
  }

  private toggle(source: number, line: number): void {
    const { breakpoints } = this.context.debug;
    const set = breakpoints.onLine(source, line);
    breakpoints.toggle(set ?? lineBreakpoint(this.context.payload, source, line));
  }

  /** Selects an op of the line; another click goes on to the line's next op. */
  private choose(ops: readonly number[]): void {
    const at = ops.findIndex((op) => `o${op}` === this.context.selected());
    const step = this.context.timeline.step(this.context.position());
    const current = ops.find((op) => op === step?.op);
    const next = at < 0 ? (current ?? ops[0]) : ops[(at + 1) % ops.length];
    if (next !== undefined) this.context.select(`o${next}`);
  }

  update(): void {
    this.breakpoints.update();
    this.watches.update();
    const before = this.marked[0];
    for (const row of this.marked) row.classList.remove("gad-code-now", "gad-code-back");
    this.marked = [];
    const step = this.context.timeline.step(this.context.position());
    const place: Place | null = step?.place ?? null;
    if (place === null || step === null) return;
    for (let line = place.line; line <= place.end_line; line += 1) {
      const row = this.rows.get(`${place.source}:${line}`);
      if (row === undefined) continue;
      row.classList.add("gad-code-now");
      row.classList.toggle("gad-code-back", step.phase === "backward");
      this.marked.push(row);
    }
    const first = this.marked[0];
    if (first === undefined || first === before || this.element.hidden) return;
    // Measured with the frame's own layout: measuring at once would cost one more.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.scrollTo(first));
  }

  /** Scrolls the pane alone: the page around it must not move. */
  private scrollTo(row: HTMLElement): void {
    const pane = this.body.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    if (box.top < pane.top) this.body.scrollTop -= pane.top - box.top + 20;
    else if (box.bottom > pane.bottom) this.body.scrollTop += box.bottom - pane.bottom + 20;
  }
}
