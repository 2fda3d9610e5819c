// What Node has and browsers have not: nothing, so that no bundler looks for it.

export const filesOf = undefined;
export const parentPort = null;
