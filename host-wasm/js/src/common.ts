// What every entry point has.

export { Code, SensillaError } from "./error.js";
export { hasSimd, init, initSync } from "./module.js";
export type { Input } from "./module.js";
export type { Bytes, Floats, Labels } from "./check.js";
