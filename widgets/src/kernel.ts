// What the page may ask the kernel; graphviz_ad/widget/answers.py answers.
import type { Elements } from "./arrays";
import type { Block, Derivation } from "./payload";

/** An answer, as it arrives. */
export interface Answer {
  type: "array" | "tile" | "element" | "error";
  request: number;
  message?: string;
  block?: Omit<Block, "offset">;
  rows?: number;
  cols?: number;
  exact?: boolean;
  element?: Derivation;
}

export type Kernel = (
  type: "fetch" | "tile" | "element",
  question: Record<string, unknown>,
) => Promise<{ answer: Answer; elements: Elements | null }>;
