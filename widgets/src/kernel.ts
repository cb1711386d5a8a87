// What the page may ask the kernel; graphviz_ad/widget/answers.py answers.
import type { Elements } from "./arrays";
import type { Block } from "./payload";

/** An answer, as it arrives. */
export interface Answer {
  type: "array" | "tile" | "explanation" | "diagnosis" | "error";
  request: number;
  message?: string;
  block?: Omit<Block, "offset">;
  rows?: number;
  cols?: number;
  exact?: boolean;
  /** of an explanation: told.ts says what */
  found?: unknown;
}

export type Kernel = (
  type: "diagnose" | "fetch" | "tile" | "explain",
  question: Record<string, unknown>,
) => Promise<{ answer: Answer; elements: Elements | null }>;
