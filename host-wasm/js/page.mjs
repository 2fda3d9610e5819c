// Bundles what the page of examples/browser uses: node page.mjs OUT, where OUT/page.wasm is the module.
import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [out] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
await build({
  entryPoints: [join(here, "src/entry/page.ts")],
  outfile: join(out, "sensilla.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  logLevel: "warning",
  plugins: [
    {
      name: "source",
      setup(build) {
        build.onResolve({ filter: /^#source$/ }, () => ({ path: "source", namespace: "source" }));
        build.onLoad({ filter: /.*/, namespace: "source" }, () => ({
          contents: 'export const find = () => new URL("./page.wasm", import.meta.url);',
        }));
      },
    },
  ],
});
