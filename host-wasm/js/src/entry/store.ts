/**
 * Saving by name: in the browser's private files or IndexedDB, in files of Node.
 *
 * @packageDocumentation
 */
export { Code, SensillaError } from "../error.js";
export * from "../store.js";
