// Tests the packed file as those find it who install it: node run.mjs FILE FOLDER.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { browsers } from "./browsers.mjs";

const [file, folder] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const tools = join(here, "../node_modules");
const long = process.env.SENSILLA_LONG === "1";

function step(name, work) {
  const began = performance.now();
  const done = () => console.log(`npm: ${name}: passed in ${((performance.now() - began) / 1e3).toFixed(1)} s`);
  const result = work();
  return result instanceof Promise ? result.then(done) : done();
}

function run(program, args, cwd, env = {}) {
  execFileSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
}

/** An empty project that has installed the file. */
function project(name, type) {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, "package.json"), `${JSON.stringify({ name, private: true, type })}\n`);
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--offline", file], at);
  return at;
}

const esm = project("esm", "module");

step("an ES module in Node", () => {
  const tests = readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
  for (const name of tests) cpSync(join(here, name), join(esm, name));
  const env = long ? { SENSILLA_FUZZ_CALLS: "200000" } : {};
  run(process.execPath, ["--test", "--test-reporter=dot", ...tests], esm, env);
});

step("a CommonJS module in Node", () => {
  const cjs = project("cjs", "commonjs");
  cpSync(join(here, "common.cjs"), join(cjs, "index.cjs"));
  run(process.execPath, ["index.cjs"], cjs);
});

step("types", () => {
  cpSync(join(here, "examples.ts"), join(esm, "examples.ts"));
  for (const [name, module] of [["bundler", { module: "esnext", moduleResolution: "bundler" }], ["node", { module: "nodenext" }]]) {
    const options = { ...module, target: "es2022", strict: true, noEmit: true, types: [], lib: ["es2023", "esnext.disposable", "dom"] };
    writeFileSync(join(esm, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions: options, files: ["examples.ts"] }));
    run(process.execPath, [join(tools, "typescript/bin/tsc"), "-p", `tsconfig.${name}.json`], esm);
  }
});

step("what publint says", () => run(process.execPath, [join(tools, "publint/src/cli.js"), "run", file, "--strict"], esm));

await step("what attw says of the types", async () => {
  const { problems = [] } = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(file))));
  const found = problems.filter(({ kind, entrypoint = "", resolutionKind }) => {
    // Resolution as it was before there were entry points is not offered.
    if (resolutionKind === "node10") return false;
    // Modules, and the script that a worker begins with, are loaded and not imported: they have no types.
    if (/\.wasm$|worker\.main\.js$/.test(entrypoint)) return false;
    // Inline forms are for pages and workers without fetch, which import.
    return !(kind === "CJSResolvesToESM" && entrypoint.endsWith("/inline"));
  });
  if (found.length > 0) throw new Error(JSON.stringify(found, null, 2));
});

step("a build by Vite", () => {
  const vite = project("vite", "module");
  cpSync(join(here, "pages/vite"), vite, { recursive: true });
  cpSync(join(here, "pages/check.js"), join(vite, "check.js"));
  run(process.execPath, [join(tools, "vite/bin/vite.js"), "build", "--logLevel", "warn"], vite);
});

if (long) {
  step("a build by Next.js", () => {
    const next = project("next", "module");
    cpSync(join(here, "pages/next"), next, { recursive: true });
    run("npm", ["install", "--silent", "--no-audit", "--no-fund", "next", "react", "react-dom"], next);
    run(process.execPath, ["node_modules/next/dist/bin/next", "build"], next, { NEXT_TELEMETRY_DISABLED: "1" });
  });
}

if (long) {
  const edge = project("edge", "module");
  cpSync(join(here, "edge"), edge, { recursive: true });
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "deno", "workerd"], edge);
  const bin = join(edge, "node_modules/.bin");
  step("Deno", () => run(join(bin, "deno"), ["run", "--allow-read", "deno.mjs"], edge));
  step("workerd, which runs Cloudflare Workers", () => run(join(bin, "workerd"), ["test", "config.capnp"], edge));
}

await step("pages in Chromium", () => browsers({ esm, vite: join(folder, "vite/dist"), pages: join(here, "pages"), tools, long }));
