// The bottom bar: all positions of both passes, with a slider over them.
import type { Context } from "./context";
import { Disposer, h, setAttribute } from "./dom";
import { roots } from "./findings";

const MOST_SEGMENTS = 64;

interface Segment {
  element: HTMLElement;
  fill: HTMLElement;
  first: number; // steps, half open
  last: number;
}

export class TimelineBar {
  readonly element: HTMLElement;
  private readonly slider: HTMLInputElement;
  private readonly segments: Segment[] = [];
  private readonly disposer = new Disposer();

  constructor(private readonly context: Context) {
    const { count, forwardSteps } = context.timeline;
    this.slider = h("input", {
      type: "range",
      class: "gad-slider",
      min: 0,
      max: count,
      step: 1,
      value: 0,
      "aria-label": "position in the forward and backward pass",
    });
    this.disposer.listen(this.slider, "input", () => context.goTo(Number(this.slider.value)));
    const phases = [
      { name: "forward", first: 0, steps: forwardSteps },
      { name: "backward", first: forwardSteps, steps: count - forwardSteps },
    ].filter((phase) => phase.steps > 0);
    this.element = h(
      "div",
      { class: "gad-timeline" },
      h(
        "div",
        { class: "gad-track" },
        ...phases.map(({ name, first, steps }) => this.phase(name, first, steps)),
        this.slider,
      ),
    );
  }

  dispose(): void {
    this.disposer.dispose();
  }

  update(): void {
    const position = this.context.position();
    this.slider.value = String(position);
    const title = this.context.timeline.title(position);
    setAttribute(this.slider, "aria-valuetext", title);
    for (const { element, fill, first, last } of this.segments) {
      const done = Math.max(0, Math.min(last, position) - first) / (last - first);
      fill.style.transform = `scaleX(${done})`;
      element.classList.toggle("gad-segment-now", position > first && position <= last);
    }
  }

  /** Marks the steps at which findings show. */
  markFindings(): void {
    const { diagnosis } = this.context.diagnosing;
    const found = diagnosis === null ? [] : roots(diagnosis).map((index) => diagnosis.findings[index]);
    for (const { element, first, last } of this.segments) {
      const here = found.find((finding) => {
        const position = finding?.position ?? -1;
        return position > first && position <= last;
      });
      setAttribute(element, "data-severity", here?.severity ?? null);
    }
  }

  private phase(name: string, first: number, steps: number): HTMLElement {
    const { count } = this.context.timeline;
    const room = Math.max(1, Math.round((MOST_SEGMENTS * steps) / Math.max(count, 1)));
    const number = Math.min(steps, count <= MOST_SEGMENTS ? steps : room);
    const box = h("div", { class: "gad-segments" });
    for (let i = 0; i < number; i += 1) {
      const start = first + Math.floor((i * steps) / number);
      const end = first + Math.floor(((i + 1) * steps) / number);
      const fill = h("div", { class: "gad-segment-fill" });
      const element = h("div", { class: "gad-segment" }, fill);
      element.style.flexGrow = String(end - start);
      this.segments.push({ element, fill, first: start, last: end });
      box.append(element);
    }
    const phase = h(
      "div",
      { class: `gad-phase gad-phase-${name}`, "aria-hidden": "true" },
      h("div", { class: "gad-phase-name" }, name),
      box,
    );
    phase.style.flexGrow = String(steps);
    return phase;
  }
}
