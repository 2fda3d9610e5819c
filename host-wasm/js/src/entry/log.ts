/**
 * The log by itself: signed events, and proofs that anybody can check.
 *
 * @packageDocumentation
 */
export * from "../common.js";
export * from "../author.js";
export { Journal, Log, readEvent, verifyCheckpoint, verifyConsistency, verifyInclusion } from "../log.js";
export type { EventHead, IngestOptions, LogOptions, Taken, TakenOrRefused } from "../log.js";
