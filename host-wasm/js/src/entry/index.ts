/**
 * All of it: bank, recogniser, log, and a history of claims and their conflicts.
 *
 * @packageDocumentation
 */
export * from "../common.js";
export * from "../author.js";
export * from "../bank.js";
export * from "../history.js";
export * from "../recogniser.js";
export { Journal, Log, readEvent, verifyCheckpoint, verifyConsistency, verifyInclusion } from "../log.js";
export type { EventHead, IngestOptions, LogOptions, Taken, TakenOrRefused } from "../log.js";
