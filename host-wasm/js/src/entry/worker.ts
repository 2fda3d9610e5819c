/**
 * Everything in a worker.
 *
 * @packageDocumentation
 */
export { Code, SensillaError } from "../error.js";
export * from "../worker.js";
