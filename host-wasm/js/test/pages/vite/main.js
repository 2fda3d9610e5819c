import { Bank, init } from "sensilla/bank";
import * as store from "sensilla/store";
import { SensillaWorker } from "sensilla/worker";
import { check } from "./check.js";

await check({ Bank, init, store, SensillaWorker, hasFiles: () => Promise.resolve(true) });
