// Light or dark: what the user chose, else what the notebook shows, else the system.
import { Disposer } from "./dom";

export type ThemeChoice = "auto" | "light" | "dark";
export type Theme = "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";

export function asThemeChoice(value: unknown): ThemeChoice {
  return value === "light" || value === "dark" ? value : "auto";
}

function fromHost(body: HTMLElement): Theme | null {
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "false" ? "dark" : "light";
  const { classList } = body;
  if (classList.contains("vscode-high-contrast-light")) return "light";
  if (classList.contains("vscode-dark") || classList.contains("vscode-high-contrast")) return "dark";
  if (classList.contains("vscode-light")) return "light";
  return null;
}

export function resolveTheme(choice: ThemeChoice): Theme {
  if (choice !== "auto") return choice;
  return fromHost(document.body) ?? (window.matchMedia(DARK).matches ? "dark" : "light");
}

/** Calls back when the notebook or the system changes its colours. */
export function watchTheme(changed: () => void): () => void {
  const disposer = new Disposer();
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light", "class"] });
  disposer.add(() => observer.disconnect());
  disposer.listen(window.matchMedia(DARK), "change", changed);
  return () => disposer.dispose();
}

export function prefersReducedMotion(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
