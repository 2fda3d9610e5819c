// What a page does with the package, whichever way it came by it.
const equal = (a, b, what) => {
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`${what}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
};
const code = async (work) => {
  try {
    await work();
  } catch (error) {
    return error.code;
  }
};

export async function check({ Bank, init, store, SensillaWorker, hasFiles }) {
  try {
    await init();
    const bank = new Bank(8, 100);
    const vectors = Float32Array.from({ length: 8 * 50 }, (_, at) => Math.sin(at * at));
    bank.insertBatch(vectors, Uint32Array.from({ length: 50 }, (_, at) => at));
    equal(bank.search(vectors.subarray(24, 32), { k: 1 })[0].label, 3, "the nearest");
    equal(await code(() => bank.insert(null, 1)), 0x2210, "an argument that is none");

    await store.erase("page");
    equal(await code(() => store.load("page", Bank)), 0x2233, "nothing is saved");
    let heard;
    const stop = store.watch("page", (version) => (heard = version));
    const saved = await store.save("page", bank);
    equal([saved.version, saved.place, saved.bytes], [1, "opfs", bank.byteLength], "how it was saved");
    equal(typeof saved.isPersistent, "boolean", "the browser's word");
    equal((await store.save("page", bank)).version, 2, "the next version");
    equal([...(await store.load("page", Bank)).digest()], [...bank.digest()], "what came back");
    for (let wait = 0; heard !== 2 && wait < 100; wait++) await new Promise((resolve) => setTimeout(resolve, 20));
    equal(heard, 2, "what others hear");
    stop();

    // As another tab would have it.
    let release;
    await new Promise((granted) => navigator.locks.request("sensilla page", () => new Promise((end) => ((release = end), granted()))));
    equal(await code(() => store.save("page", bank)), 0x2232, "another tab is writing");
    equal(await code(() => store.own("page")), 0x2232, "another tab has the name");
    release();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const mine = await store.own("page");
    equal((await store.save("page", bank)).version, 3, "the owner saves");
    mine();

    // A browser without private files, and one without any place.
    const directory = StorageManager.prototype.getDirectory;
    StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("closed", "SecurityError"));
    const row = await store.save("row", bank, { persist: false });
    equal([row.place, row.isPersistent], ["indexeddb", false], "IndexedDB in place of files");
    equal([...(await store.load("row", Bank)).digest()], [...bank.digest()], "what came back from there");
    const idb = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
    equal(await code(() => store.save("row", bank)), 0x2230, "no place at all");
    Object.defineProperty(globalThis, "indexedDB", idb);
    StorageManager.prototype.getDirectory = directory;
    const write = FileSystemFileHandle.prototype.createWritable;
    const full = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
    FileSystemFileHandle.prototype.createWritable = full;
    FileSystemFileHandle.prototype.createSyncAccessHandle = full;
    equal(await code(() => store.save("page", bank)), 0x2231, "the place is full");
    delete FileSystemFileHandle.prototype.createSyncAccessHandle;
    FileSystemFileHandle.prototype.createWritable = write;
    equal([...(await store.load("page", Bank)).digest()], [...bank.digest()], "what was saved before stays");

    if (SensillaWorker !== undefined && (await hasFiles())) {
      const worker = await SensillaWorker.start();
      const remote = await worker.load("Bank", "page");
      equal(await remote.read("length"), 50, "the worker sees what the page saved");
      const progress = [];
      const ids = await remote.inPieces({ onProgress: (done) => progress.push(done) }, "insertBatch", vectors, new Uint32Array(50));
      equal(ids.length, 50, "rows that the worker took");
      equal((await remote.saveAs("page")).place, "opfs", "where the worker saves");
      equal((await store.load("page", Bank)).length, 100, "the page sees what the worker saved");
      worker.end();
    }
    document.documentElement.dataset.state = "done";
  } catch (error) {
    document.body.textContent = `${error?.stack ?? error} (code ${error?.code})`;
    document.documentElement.dataset.state = "failed";
  }
}
