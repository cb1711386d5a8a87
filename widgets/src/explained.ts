// Explanations of nodes: those that lie on the page, and those that a kernel is asked for.
import type { Kernel } from "./kernel";
import type { Told } from "./told";

/** What is said where an answer is not on the page and there is no kernel to ask. */
export const NEEDS_KERNEL = "This is not on the page: it needs the running notebook.";

export class Explanations {
  private readonly known: Map<string, unknown>;

  constructor(
    onPage: Record<string, unknown>,
    private readonly kernel: Kernel | null,
  ) {
    this.known = new Map(Object.entries(onPage));
  }

  /** The answer where it is here already. */
  get<About extends keyof Told>(about: About, of: readonly number[]): Told[About] | undefined {
    return this.known.get(`${about} ${of.join()}`) as Told[About] | undefined;
  }

  /** What else is known of the same thing: the rest of the numbers, "3,2" of "element 1,3,2". */
  knownOf(about: keyof Told, node: number): number[][] {
    const start = `${about} ${node},`;
    const found = [...this.known.keys()].filter((key) => key.startsWith(start));
    return found.map((key) => key.slice(start.length).split(",").map(Number));
  }

  /** The answer, from the kernel where it is not here; an error says in words why there is none. */
  async ask<About extends keyof Told>(about: About, of: readonly number[]): Promise<Told[About]> {
    const found = this.get(about, of);
    if (found !== undefined) return found;
    if (this.kernel === null) throw new Error(NEEDS_KERNEL);
    const { answer } = await this.kernel("explain", { about, of });
    this.known.set(`${about} ${of.join()}`, answer.found);
    return answer.found as Told[About];
  }
}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
