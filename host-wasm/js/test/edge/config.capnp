# The package in the runtime of Cloudflare Workers: `workerd test config.capnp`.
using Workerd = import "/workerd/workerd.capnp";
const tests :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [
      (name = "worker.js", esModule = embed "worker.js"),
      (name = "check.js", esModule = embed "check.js"),
      (name = "index.workerd.js", esModule = embed "node_modules/sensilla/dist/index.workerd.js"),
      (name = "index.simd.wasm", wasm = embed "node_modules/sensilla/dist/index.simd.wasm"),
      (name = "index.scalar.wasm", wasm = embed "node_modules/sensilla/dist/index.scalar.wasm"),
    ],
    compatibilityDate = "2025-01-01",
  ))],
);
