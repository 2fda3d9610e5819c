/**
 * The recogniser by itself: what a window of samples is.
 *
 * @packageDocumentation
 */
export * from "../common.js";
export * from "../recogniser.js";
