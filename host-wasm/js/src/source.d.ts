// Where an entry point's module is: written by build.mjs for each entry point and each platform.
declare module "#source" {
  export function find(simd: boolean): Promise<import("./module.js").Input> | import("./module.js").Input;
}

// How a worker is started: written by build.mjs for each platform.
declare module "#worker" {
  export function spawn(): Promise<Worker | import("node:worker_threads").Worker>;
}

// What the platform alone has: platform-node.ts or platform-browser.ts.
declare module "#platform" {
  export const filesOf: typeof import("./platform-node.js").filesOf | undefined;
  export const parentPort: import("node:worker_threads").MessagePort | null;
}
