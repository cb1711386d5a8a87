// LaTeX to HTML. KaTeX escapes what it is given; nothing in it may link or load.
import katex from "katex";
import { h } from "./dom";

export function math(tex: string, display = false): HTMLElement {
  const element = h("span", { class: display ? "gad-math gad-math-display" : "gad-math" });
  try {
    katex.render(tex, element, {
      displayMode: display,
      throwOnError: false,
      trust: false,
      strict: "ignore",
      maxExpand: 200,
      maxSize: 20,
    });
  } catch {
    // KaTeX still throws on what is not LaTeX at all; the text itself is the next best thing.
    element.textContent = tex;
  }
  return element;
}
