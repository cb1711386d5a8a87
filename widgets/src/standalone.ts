// A saved page: the payload lies in the page itself, and there is no kernel.
import { fromBase64 } from "./arrays";
import { h } from "./dom";
import { unpack } from "./packed";
import { readSession } from "./session";
import type { Payload } from "./payload";
import { Stepper } from "./stepper";
import { asThemeChoice } from "./theme";

async function mount(place: HTMLElement): Promise<void> {
  if (place.dataset.mounted !== undefined) return;
  const payload = place.querySelector(".gad-payload");
  const buffer = place.querySelector(".gad-buffer");
  if (payload === null || buffer === null) return;
  place.dataset.mounted = "true";
  const session = JSON.parse(place.dataset.session ?? "{}") as Record<string, unknown>;
  const graph = await unpack<Payload>(fromBase64(payload.textContent ?? ""));
  const explained = fromBase64(place.querySelector(".gad-explained")?.textContent ?? "");
  if (explained.byteLength > 0) {
    Object.assign(graph.explanations, await unpack<Record<string, unknown>>(explained));
  }
  const stepper = new Stepper(
    graph,
    fromBase64(buffer.textContent ?? ""),
    {
      session: readSession((name) => session[name]),
      theme: asThemeChoice(place.dataset.theme),
      height: Number(place.dataset.height ?? 0),
      page: true,
      kernel: null,
    },
  );
  place.append(h("div", { class: "gad-page" }, stepper.element));
}

export function mountAll(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-graphviz-ad]")) {
    mount(place).catch((error: unknown) => {
      const text = `The graph could not be read: ${String(error)}`;
      place.append(h("div", { class: "gad-stepper gad-failed" }, text));
    });
  }
}
