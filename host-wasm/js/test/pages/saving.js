// Saves from a worker again and again, and says which version is safe.
const worker = new Worker("saver.js", { type: "module" });
worker.onmessage = ({ data }) => window.told(data);
