// How values and their gradients are written in running text.
import { h } from "./dom";

/** A∇; a label that is an expression is put in brackets, so that the ∇ belongs to all of it. */
export function gradientName(label: string): HTMLElement {
  const text = /\s/.test(label) ? `(${label})` : label;
  return h("span", { class: "gad-grad-name" }, h("i", {}, text), h("sup", {}, "∇"));
}
