// Asks the worker for positions; where it fails or takes too long, the layered layout answers.
import { readLayout, toDot } from "./dot";
import type { Scene } from "./fold";
import type { Layout } from "./geometry";
import { layered } from "./layered";
import type { Payload } from "./payload";
import workerText from "./layout.worker.ts?text";

interface Answer {
  id: number;
  json?: string;
  error?: string;
}

export class LayoutEngine {
  private worker: Worker | null = null;
  private url: string | null = null;
  private next = 0;
  private latest = 0;
  private refused = false;
  /** ends the wait of the request that is under way */
  private abandon: (() => void) | null = null;
  private readonly known = new Map<string, Layout>();

  constructor(
    private readonly payload: Payload,
    private readonly timeout = 5000,
  ) {}

  /** The positions of a scene; the same name gives the same positions. */
  async layout(name: string, scene: Scene): Promise<Layout> {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    this.latest += 1;
    const question = this.latest;
    const json = await this.ask(toDot(this.payload, scene));
    let layout: Layout | null = null;
    if (json !== null) {
      layout = readLayout(json, scene);
      if (layout.nodes.size !== scene.nodes.length) layout = null;
    }
    layout ??= layered(this.payload, scene);
    // An answer that a newer question cut short is not the last word on this scene.
    if (question === this.latest) this.known.set(name, layout);
    return layout;
  }

  dispose(): void {
    this.refused = true;
    this.stop();
  }

  private stop(): void {
    this.abandon?.();
    this.worker?.terminate();
    this.worker = null;
    if (this.url !== null) URL.revokeObjectURL(this.url);
    this.url = null;
  }

  private start(): Worker | null {
    if (this.worker !== null || this.refused) return this.worker;
    try {
      this.url = URL.createObjectURL(new Blob([workerText], { type: "text/javascript" }));
      this.worker = new Worker(this.url);
    } catch {
      // A page may forbid workers; there the layered layout does the work.
      this.refused = true;
      this.stop();
    }
    return this.worker;
  }

  private ask(dot: string): Promise<string | null> {
    // One layout at a time: a newer question makes the older one worthless.
    if (this.abandon !== null) this.stop();
    const worker = this.start();
    if (worker === null) return Promise.resolve(null);
    const id = this.next;
    this.next += 1;
    return new Promise((resolve) => {
      const finish = (json: string | null): void => {
        clearTimeout(timer);
        worker.onmessage = null;
        worker.onerror = null;
        this.abandon = null;
        resolve(json);
      };
      const timer = setTimeout(() => {
        finish(null);
        this.stop();
      }, this.timeout);
      this.abandon = () => finish(null);
      worker.onmessage = (event: MessageEvent<Answer>) => {
        if (event.data.id === id) finish(event.data.json ?? null);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.refused = true;
        finish(null);
        this.stop();
      };
      worker.postMessage({ id, dot });
    });
  }
}
