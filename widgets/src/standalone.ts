// A saved page: the payload lies in the page itself, and there is no kernel.
import { h } from "./dom";
import type { Payload } from "./payload";
import { Stepper } from "./stepper";
import { asThemeChoice } from "./theme";

export function fromBase64(text: string): ArrayBuffer {
  const raw = atob(text.replace(/\s+/g, ""));
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

function mount(place: HTMLElement): void {
  if (place.dataset.mounted !== undefined) return;
  const payload = place.querySelector(".gad-payload");
  const buffer = place.querySelector(".gad-buffer");
  if (payload === null || buffer === null) return;
  place.dataset.mounted = "true";
  const stepper = new Stepper(
    JSON.parse(payload.textContent ?? "") as Payload,
    fromBase64(buffer.textContent ?? ""),
    {
      position: Number(place.dataset.start ?? 0),
      selected: place.dataset.selected ?? "",
      theme: asThemeChoice(place.dataset.theme),
      height: Number(place.dataset.height ?? 0),
      fetcher: null,
    },
  );
  place.append(h("div", { class: "gad-page" }, stepper.element));
}

export function mountAll(): void {
  document.querySelectorAll<HTMLElement>("[data-graphviz-ad]").forEach(mount);
}
