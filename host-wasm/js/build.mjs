// Puts the package together: node build.mjs MODULES OUT VERSION, where MODULES has NAME.simd.wasm and
// NAME.scalar.wasm of each entry point.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const [modules, out, version] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const dist = join(out, "dist");
/** Entry points with a module, by the name of their files. */
const ENTRIES = ["index", "bank", "recogniser", "log"];
const BUILDS = ["simd", "scalar"];

/** What unpacks a module that is text. */
const UNPACK = `export async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
`;

/** Where the module of an entry point is, by platform. */
const SOURCES = {
  // A bundler knows these forms of a URL and copies the files. Where it did not, the module comes as
  // text in a file of script, which every bundler takes along.
  browser: (entry) => `
const isModule = (bytes) => bytes.length > 8 && bytes[0] === 0 && bytes[1] === 97 && bytes[2] === 115 && bytes[3] === 109;
export async function find(simd) {
  try {
    const response = await fetch(simd ? new URL("./${entry}.simd.wasm", import.meta.url) : new URL("./${entry}.scalar.wasm", import.meta.url));
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok && isModule(bytes)) return bytes;
  } catch {}
  return simd ? (await import("./${entry}.simd.text.js")).bytes() : (await import("./${entry}.scalar.text.js")).bytes();
}`,
  node: (entry) => `
import { readFile } from "node:fs/promises";
export async function find(simd) {
  try {
    return await readFile(simd ? new URL("./${entry}.simd.wasm", import.meta.url) : new URL("./${entry}.scalar.wasm", import.meta.url));
  } catch {}
  return simd ? (await import("./${entry}.simd.text.js")).bytes() : (await import("./${entry}.scalar.text.js")).bytes();
}`,
  // The runtime compiles modules before anything runs, and has vector instructions.
  workerd: (entry) => `
import module from "./${entry}.simd.wasm";
export const find = () => module;`,
  // Scripts of workers are one file: some bundlers divide no other.
  alone: (entry) => `
export const find = (simd) => (simd ? new URL("./${entry}.simd.wasm", import.meta.url) : new URL("./${entry}.scalar.wasm", import.meta.url));`,
  inline: (entry) => `
import { bytes as simd } from "./${entry}.simd.text.js";
import { bytes as scalar } from "./${entry}.scalar.text.js";
export const find = (has) => (has ? simd() : scalar());`,
};

/** How a worker is started, by platform. */
const WORKERS = {
  browser: `export const spawn = async () => new Worker(new URL("./worker.main.js", import.meta.url), { type: "module", name: "sensilla" });`,
  node: `
import { Worker } from "node:worker_threads";
export const spawn = async () => new Worker(new URL("./worker.main.node.js", import.meta.url));`,
};

function source(text, worker = "") {
  return {
    name: "source",
    setup(build) {
      build.onResolve({ filter: /^#source$/ }, () => ({ path: "source", namespace: "source" }));
      build.onLoad({ filter: /.*/, namespace: "source" }, () => ({ contents: text, loader: "js" }));
      build.onResolve({ filter: /^#worker$/ }, () => ({ path: "worker", namespace: "worker" }));
      build.onLoad({ filter: /.*/, namespace: "worker" }, () => ({ contents: worker, loader: "js" }));
      build.onResolve({ filter: /^#platform$/ }, () => ({
        path: join(here, "src", build.initialOptions.platform === "node" ? "platform-node.ts" : "platform-browser.ts"),
      }));
      // Files beside the bundle, by names that it keeps.
      build.onResolve({ filter: /\.(wasm|text\.js)$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** What makes a bundle one that `require` takes. */
const COMMON = {
  format: "cjs",
  define: { "import.meta.url": "here" },
  banner: { js: 'const here = require("node:url").pathToFileURL(__filename);' },
};

async function bundle(entry, file, options) {
  await build({
    entryPoints: [join(here, "src/entry", `${entry}.ts`)],
    outfile: join(dist, file),
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
}

rmSync(out, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
writeFileSync(join(dist, "unpack.js"), UNPACK);
for (const entry of ENTRIES) {
  for (const kind of BUILDS) {
    const wasm = readFileSync(join(modules, `${entry}.${kind}.wasm`));
    writeFileSync(join(dist, `${entry}.${kind}.wasm`), wasm);
    const text = deflateRawSync(wasm, { level: 9 }).toString("base64");
    writeFileSync(
      join(dist, `${entry}.${kind}.text.js`),
      `import { unpack } from "./unpack.js";\nconst text = "${text}";\nexport const bytes = () => unpack(text);\n`,
    );
  }
  await bundle(entry, `${entry}.js`, { plugins: [source(SOURCES.browser(entry))] });
  await bundle(entry, `${entry}.node.js`, { platform: "node", plugins: [source(SOURCES.node(entry))] });
  await bundle(entry, `${entry}.node.cjs`, {
    platform: "node",
    ...COMMON,
    plugins: [source(SOURCES.node(entry))],
  });
  await bundle(entry, `${entry}.workerd.js`, { plugins: [source(SOURCES.workerd(entry))] });
  await bundle(entry, `${entry}.inline.js`, { plugins: [source(SOURCES.inline(entry))] });
}

const node = { platform: "node" };
await bundle("store", "store.js", { plugins: [source("")] });
await bundle("store", "store.node.js", { ...node, plugins: [source("")] });
await bundle("store", "store.node.cjs", { ...node, ...COMMON, plugins: [source("")] });
await bundle("worker", "worker.js", { plugins: [source("", WORKERS.browser)] });
await bundle("worker", "worker.node.js", { ...node, plugins: [source("", WORKERS.node)] });
await bundle("worker", "worker.node.cjs", { ...node, ...COMMON, plugins: [source("", WORKERS.node)] });
await bundle("../worker-main", "worker.main.js", { plugins: [source(SOURCES.alone("index"))] });
await bundle("../worker-main", "worker.main.node.js", { ...node, plugins: [source(SOURCES.node("index"))] });

execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", here, "--outDir", join(dist, "types")], {
  stdio: ["ignore", "inherit", "inherit"],
});
// Declarations of others are no output of the compiler.
cpSync(join(here, "src/exports.d.ts"), join(dist, "types/exports.d.ts"));
cpSync(join(dist, "types"), join(dist, "types-cjs"), { recursive: true });
writeFileSync(join(dist, "types-cjs/package.json"), '{ "type": "commonjs" }\n');

const typed = (entry, file) => ({ types: `./dist/types/entry/${entry}.d.ts`, default: `./dist/${file}` });
/** What `require` gets. */
const common = (entry) => ({ types: `./dist/types-cjs/entry/${entry}.d.ts`, default: `./dist/${entry}.node.cjs` });
const entryPoint = (entry) => ({
  workerd: typed(entry, `${entry}.workerd.js`),
  deno: typed(entry, `${entry}.node.js`),
  node: { require: common(entry), default: typed(entry, `${entry}.node.js`) },
  browser: typed(entry, `${entry}.js`),
  default: typed(entry, `${entry}.js`),
});
const pathOf = (entry) => (entry === "index" ? "." : `./${entry}`);
const exports = {};
for (const entry of ENTRIES) exports[pathOf(entry)] = entryPoint(entry);
for (const entry of ENTRIES) {
  const name = entry === "index" ? "./sensilla" : `./${entry}`;
  exports[`${pathOf(entry)}/inline`] = {
    types: `./dist/types/entry/${entry}.d.ts`,
    default: `./dist/${entry}.inline.js`,
  };
  exports[`${name}.wasm`] = `./dist/${entry}.simd.wasm`;
  exports[`${name}.scalar.wasm`] = `./dist/${entry}.scalar.wasm`;
}
exports["./store"] = {
  deno: typed("store", "store.node.js"),
  node: { require: common("store"), default: typed("store", "store.node.js") },
  default: typed("store", "store.js"),
};
exports["./worker"] = {
  deno: typed("worker", "worker.js"),
  node: { require: common("worker"), default: typed("worker", "worker.node.js") },
  default: typed("worker", "worker.js"),
};
// The worker's own script, for pages that start it themselves.
exports["./worker.main.js"] = "./dist/worker.main.js";
exports["./package.json"] = "./package.json";

writeFileSync(
  join(out, "package.json"),
  `${JSON.stringify(
    {
      name: "sensilla",
      version,
      description: "Vector search, recognition of sensor windows and a signed log, in WebAssembly: small, exact, and the same on every machine",
      keywords: ["vector-search", "embeddings", "hnsw", "sensor", "gesture", "merkle", "ed25519", "wasm", "edge"],
      license: "MIT OR Apache-2.0",
      type: "module",
      sideEffects: false,
      exports,
      types: "./dist/types/entry/index.d.ts",
      files: ["dist", "LICENSE-MIT", "LICENSE-APACHE"],
      engines: { node: ">=20" },
    },
    null,
    2,
  )}\n`,
);
for (const file of ["LICENSE-MIT", "LICENSE-APACHE"]) cpSync(join(root, file), join(out, file));
cpSync(join(here, "README.md"), join(out, "README.md"));
