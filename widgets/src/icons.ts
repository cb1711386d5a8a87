// Line icons on a 16-pixel grid.
import { h, s } from "./dom";

const PATHS = {
  first: "M4 3.5v9M12.5 3.5L6.5 8l6 4.5z",
  back: "M11 3.5L5 8l6 4.5z",
  forward: "M5 3.5L11 8l-6 4.5z",
  last: "M12 3.5v9M3.5 3.5L9.5 8l-6 4.5z",
  play: "M4.5 2.5L13 8l-8.5 5.5z",
  pause: "M5.5 3v10M10.5 3v10",
  source: "M5.5 4L2 8l3.5 4M10.5 4L14 8l-3.5 4",
  inspector: "M2.5 3h11v10h-11zM9.5 3v10",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11z M8 2.5a5.5 5.5 0 0 1 0 11",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.4 3.5L13 4.5",
  over: "M2.5 9a5.3 5.3 0 0 1 10.2-1.6M13.2 3.6v4h-4M6.8 12.4a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
  into: "M8 2v6.6M5.2 6L8 8.8 10.8 6M6.8 12.6a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
  out: "M8 9V2.2M5.2 5L8 2.2 10.8 5M6.8 12.6a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
  backOver: "M13.5 9a5.3 5.3 0 0 0-10.2-1.6M2.8 3.6v4h4M6.8 12.4a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
  backInto: "M8 14V7.4M5.2 10L8 7.2 10.8 10M6.8 3.4a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
  backOut: "M8 7v6.8M5.2 11L8 13.8 10.8 11M6.8 3.4a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0",
  more: "M2.4 8a1.1 1.1 0 1 0 2.2 0a1.1 1.1 0 1 0-2.2 0M6.9 8a1.1 1.1 0 1 0 2.2 0a1.1 1.1 0 1 0-2.2 0M11.4 8a1.1 1.1 0 1 0 2.2 0a1.1 1.1 0 1 0-2.2 0",
  run: "M3.5 3.5v9M6.5 3.5L13 8l-6.5 4.5z",
  rewind: "M12.5 3.5v9M9.5 3.5L3 8l6.5 4.5z",
  help: "M5.6 6a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .8-1 1.6M8 12.6v.1",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
} as const;

const SOLID = new Set<keyof typeof PATHS>(["first", "back", "forward", "last", "play", "run", "rewind", "more"]);

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return s(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, class: "gad-icon", "aria-hidden": "true" },
    s("path", { d: PATHS[name], class: SOLID.has(name) ? "gad-icon-solid" : "gad-icon-line" }),
  );
}

/** A button with a cross: what a screen reader calls it, and what the pointer is told. */
export function closeButton(label: string, title = label): HTMLButtonElement {
  const attributes = { type: "button", class: "gad-button gad-close", "aria-label": label, title };
  return h("button", attributes, icon("close"));
}
