// A page without a bundler: bank, store, lock, worker.
import { Bank, init } from "/node_modules/sensilla/dist/bank.js";
import * as store from "/node_modules/sensilla/dist/store.js";
import { SensillaWorker } from "/node_modules/sensilla/dist/worker.js";
import { check } from "./check.js";

await check({ Bank, init, store, SensillaWorker, hasFiles: () => fetch("/node_modules/sensilla/dist/bank.simd.wasm").then((r) => r.headers.get("Content-Type") === "application/wasm") });
