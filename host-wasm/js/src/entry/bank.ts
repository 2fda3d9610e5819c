/**
 * The pattern bank by itself: vectors with labels, and the nearest of them to a query.
 *
 * @packageDocumentation
 */
export * from "../common.js";
export * from "../bank.js";
