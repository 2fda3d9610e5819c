// What the page of examples/browser uses: no part of the package.
export * from "../common.js";
export * from "../bank.js";
export * from "../demo.js";
