// Runs Graphviz away from the page, so that a hard graph can be stopped.
import { Graphviz } from "@hpcc-js/wasm-graphviz";

interface Scope {
  onmessage: ((event: MessageEvent<{ id: number; dot: string }>) => void) | null;
  postMessage(message: { id: number; json?: string; error?: string }): void;
}

const scope = self as unknown as Scope;
// Positions only, without drawing operations; the package's types do not list it.
const FORMAT = "json0" as "json";

const loading = Graphviz.load();

scope.onmessage = (event) => {
  const { id, dot } = event.data;
  loading
    .then((graphviz) => scope.postMessage({ id, json: graphviz.layout(dot, FORMAT, "dot") }))
    .catch((error: unknown) => scope.postMessage({ id, error: String(error) }));
};
