// Bundles the Stepper into one ES module and one style sheet, with the layout
// worker, KaTeX and its fonts inside: nothing is loaded from anywhere at run time.
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(here, "../graphviz_ad/widget/static");
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/** `import text from "./x.worker.ts?text"`: the worker as one classic script, in a string. */
const workerAsText = {
  name: "worker-as-text",
  setup(setup) {
    setup.onResolve({ filter: /\?text$/ }, (args) => ({
      path: path.resolve(args.resolveDir, args.path.replace(/\?text$/, "")),
      namespace: "worker-text",
    }));
    setup.onLoad({ filter: /.*/, namespace: "worker-text" }, async (args) => {
      const worker = await build({
        ...common,
        entryPoints: [args.path],
        format: "iife",
        write: false,
      });
      return { contents: worker.outputFiles[0].text, loader: "text" };
    });
  },
};

/** KaTeX's style sheet, kept inside the Stepper, with the woff2 fonts only. */
const scopedKatex = {
  name: "scoped-katex",
  setup(setup) {
    setup.onLoad({ filter: /katex[\\/]dist[\\/]katex\.css$/ }, async (args) => {
      const css = await readFile(args.path, "utf8");
      const fontFace = /@font-face\s*\{[^}]*\}/g;
      const fonts = (css.match(fontFace) ?? []).map((face) =>
        face.replace(/,\s*url\([^)]*\)\s*format\(['"](?:woff|truetype)['"]\)/g, ""),
      );
      const rules = css.replace(fontFace, "").replace(/@charset[^;]*;/, "");
      return { contents: `${fonts.join("\n")}\n.gad-stepper {\n${rules}\n}`, loader: "css" };
    });
  },
};

await mkdir(out, { recursive: true });
await build({
  ...common,
  entryPoints: { stepper: "src/index.ts" },
  format: "esm",
  outdir: out,
  plugins: [workerAsText],
});
await build({
  ...common,
  entryPoints: { stepper: "src/styles/stepper.css" },
  outdir: out,
  // Nested rules are unfolded for browsers that do not know them.
  target: ["chrome100", "firefox100", "safari15"],
  loader: { ".woff2": "dataurl" },
  plugins: [scopedKatex],
});
