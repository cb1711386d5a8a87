// The mark of a finding: its shape and its letter tell the severity, its colour says it again.
import { s } from "./dom";
import { LETTERS, type Severity } from "./findings";

const SHAPES: Record<Severity, string> = {
  // an octagon, a triangle, a disc
  error: "M-3.7-9H3.7L9-3.7V3.7L3.7 9H-3.7L-9 3.7V-3.7Z",
  warning: "M0-10.5Q1.2-10.5 2-9L10.4 6.6Q11.2 9 9 9H-9Q-11.2 9-10.4 6.6L-2-9Q-1.2-10.5 0-10.5Z",
  info: "M-8.5 0A8.5 8.5 0 1 1 8.5 0A8.5 8.5 0 1 1-8.5 0Z",
};

/** A badge around the origin. */
export function badge(severity: Severity, count = 1): SVGGElement {
  const letter = s("text", { class: "gad-sign-letter", y: severity === "warning" ? 6.6 : 4 });
  letter.textContent = LETTERS[severity];
  const mark = s(
    "g",
    { class: "gad-sign", "data-severity": severity },
    s("path", { class: "gad-sign-shape", d: SHAPES[severity] }),
    letter,
  );
  if (count > 1) {
    const text = s("text", { class: "gad-sign-count", x: 12, y: 4 });
    text.textContent = `×${count}`;
    mark.append(text);
  }
  return mark;
}

/** The same within a line of text. */
export const inlineBadge = (severity: Severity): SVGSVGElement =>
  s(
    "svg",
    { class: "gad-sign-inline", viewBox: "-12 -12 24 24", width: 21, height: 21, "aria-hidden": "true" },
    badge(severity),
  );
