// The line of the user's code that a node came from.
import type { Context } from "./context";
import { h } from "./dom";
import type { Place } from "./payload";

export function placeText(context: Context, place: Place | null): HTMLElement | null {
  const source = place === null ? undefined : context.payload.sources[place.source];
  if (place === null || source === undefined) return null;
  const line = source.lines[place.line - source.first_line];
  return h(
    "section",
    { class: "gad-section gad-place" },
    h("span", {}, `${source.title}, line ${place.line}`),
    line === undefined ? null : h("code", { tabindex: 0 }, line.trim()),
  );
}
