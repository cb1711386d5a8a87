// Runs Graphviz away from the page, so that a hard graph can be stopped.
import { Graphviz } from "@hpcc-js/wasm-graphviz";

interface Scope {
  onmessage: ((event: MessageEvent<{ id: number; dot: string }>) => void) | null;
  postMessage(message: { id?: number; ready?: true; json?: string; error?: string }): void;
}

const scope = self as unknown as Scope;
// Positions only, without drawing operations; the package's types do not list it.
const FORMAT = "json0" as "json";

const loading = Graphviz.load();
// A page that waits must tell a slow start from a hard graph.
loading.then(() => scope.postMessage({ ready: true }), () => undefined);

scope.onmessage = (event) => {
  const { id, dot } = event.data;
  loading
    .then((graphviz) => scope.postMessage({ id, json: graphviz.layout(dot, FORMAT, "dot") }))
    .catch((error: unknown) => scope.postMessage({ id, error: String(error) }));
};
