// The notebook's side: an anywidget model, its traits and its messages.
import { decode } from "./arrays";
import { Disposer, h } from "./dom";
import { unpack } from "./packed";
import type { Answer, Kernel } from "./kernel";
import type { Payload } from "./payload";
import { readSession, type Session, SHARED } from "./session";
import { Stepper } from "./stepper";
import { Trait, type TraitModel } from "./sync";
import { asThemeChoice } from "./theme";

/** The part of an anywidget model that is used here. */
export interface Model extends TraitModel {
  send(content: unknown, callbacks?: unknown, buffers?: unknown): void;
  on(name: string, listener: (...args: never[]) => void): void;
  off(name: string, listener: (...args: never[]) => void): void;
}

const FETCH_TIMEOUT = 30_000;

/** Questions to the kernel; every one ends, by its answer or by the time-out. */
export function askKernel(model: Model, disposer: Disposer): Kernel {
  let next = 0;
  const waiting = new Map<number, (answer: Answer, buffers: DataView[]) => void>();
  const receive = (answer: Answer, buffers: DataView[] = []): void => {
    waiting.get(answer.request)?.(answer, buffers);
  };
  model.on("msg:custom", receive);
  disposer.add(() => model.off("msg:custom", receive));
  return (type, question) =>
    new Promise((resolve, reject) => {
      const request = next;
      next += 1;
      const timer = setTimeout(() => {
        waiting.delete(request);
        reject(new Error("the kernel did not answer"));
      }, FETCH_TIMEOUT);
      waiting.set(request, (answer, buffers) => {
        clearTimeout(timer);
        waiting.delete(request);
        if (answer.type === "error") {
          reject(new Error(answer.message ?? "the kernel cannot tell"));
          return;
        }
        const buffer = buffers[0];
        const { block } = answer;
        const elements =
          block !== undefined && buffer !== undefined
            ? decode(buffer.buffer as ArrayBuffer, buffer.byteOffset, block)
            : null;
        resolve({ answer, elements });
      });
      model.send({ type, request, ...question });
    });
}

/** Mounts a Stepper on a model; returns the clean-up. */
export function mountModel(model: Model, el: HTMLElement): () => void {
  const disposer = new Disposer();
  const kernel = askKernel(model, disposer);
  let stepper: Stepper | null = null;
  const traits = new Map(SHARED.map((name) => [name, new Trait<unknown>(model, name)]));
  const session = (): Session => readSession((name) => model.get(name));
  const fail = (text: string): void => {
    el.replaceChildren(h("div", { class: "gad-stepper gad-failed" }, text));
  };
  let mounts = 0;
  const mount = (): void => {
    stepper?.dispose();
    stepper = null;
    mounts += 1;
    const mine = mounts;
    const packed = model.get("payload");
    const buffer = model.get("buffer");
    if (!isBuffer(packed) || packed.byteLength === 0 || !isBuffer(buffer)) {
      fail(NOTHING);
      return;
    }
    unpack<Payload>(packed).then(
      (payload) => {
        // A newer payload, or the clean-up, may have come first.
        if (mine === mounts) show(payload, buffer);
      },
      (error: unknown) => {
        if (mine === mounts) fail(`The graph could not be read: ${String(error)}`);
      },
    );
  };
  const show = (payload: Payload, buffer: ArrayBuffer | DataView): void => {
    stepper = new Stepper(payload, buffer, {
      session: session(),
      theme: asThemeChoice(model.get("theme")),
      height: Number(model.get("height") ?? 0),
      page: false,
      kernel,
      told: (name, value) => traits.get(name)?.write(value),
    });
    el.replaceChildren(stepper.element);
  };
  const follow = (name: string, act: () => void): void => {
    model.on(`change:${name}`, act);
    disposer.add(() => model.off(`change:${name}`, act));
  };
  let heard = model.get("told");
  for (const name of SHARED) {
    follow(name, () => {
      const now = session();
      const wish = model.get("told") !== heard;
      const news = wish || traits.get(name)?.isNews(now[name]) === true;
      if (news) stepper?.take({ [name]: now[name] });
    });
  }
  // After all that came together with it.
  const hear = (): void => {
    heard = model.get("told");
  };
  model.on("change", hear);
  disposer.add(() => model.off("change", hear));
  follow("theme", () => stepper?.setTheme(asThemeChoice(model.get("theme"))));
  follow("height", () => stepper?.setHeight(Number(model.get("height"))));
  follow("payload", mount);
  mount();
  return () => {
    mounts += 1;
    disposer.dispose();
    stepper?.dispose();
  };
}

const NOTHING = "There is no graph here: run the cell again.";

function isBuffer(value: unknown): value is ArrayBuffer | DataView {
  return value instanceof ArrayBuffer || value instanceof DataView;
}
