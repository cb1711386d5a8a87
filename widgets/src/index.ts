// The module that the notebook loads (anywidget) and that a saved page carries inside.
import { type Model, mountModel } from "./host";
import { mountAll } from "./standalone";

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    return mountModel(model, el);
  },
};

if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", mountAll, { once: true });
} else {
  mountAll();
}
