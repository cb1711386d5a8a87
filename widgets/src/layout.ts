// Asks the worker for positions; where it fails or takes too long, the layered layout answers.
import { readLayout, toDot } from "./dot";
import type { Scene } from "./fold";
import type { Layout } from "./geometry";
import { layered } from "./layered";
import type { Payload } from "./payload";
import workerText from "./layout.worker.ts?text";

interface Answer {
  id?: number;
  /** Graphviz has been loaded */
  ready?: true;
  json?: string;
  error?: string;
}

/** Milliseconds for a graph, and for Graphviz to start: on a busy machine that alone takes long. */
const TIMEOUT = { graph: 5_000, start: 15_000 };

export class LayoutEngine {
  private worker: Worker | null = null;
  private url: string | null = null;
  private next = 0;
  private latest = 0;
  private refused = false;
  private ready = false;
  /** ends the wait of the request that is under way */
  private abandon: (() => void) | null = null;
  private readonly known = new Map<string, Layout>();

  constructor(private readonly payload: Payload) {}

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
    this.ready = false;
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
      const giveUp = (): void => {
        finish(null);
        this.stop();
      };
      let timer = setTimeout(giveUp, this.ready ? TIMEOUT.graph : TIMEOUT.start);
      this.abandon = () => finish(null);
      worker.onmessage = (event: MessageEvent<Answer>) => {
        if (event.data.ready === true) {
          this.ready = true;
          clearTimeout(timer);
          timer = setTimeout(giveUp, TIMEOUT.graph);
        } else if (event.data.id === id) finish(event.data.json ?? null);
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
