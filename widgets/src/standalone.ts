// A saved page: the payload lies in the page itself, and there is no kernel.
import { fromBase64 } from "./arrays";
import { h } from "./dom";
import type { Payload } from "./payload";
import { Stepper } from "./stepper";
import { asThemeChoice } from "./theme";

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
      page: true,
      fetcher: null,
    },
  );
  place.append(h("div", { class: "gad-page" }, stepper.element));
}

export function mountAll(): void {
  document.querySelectorAll<HTMLElement>("[data-graphviz-ad]").forEach(mount);
}
