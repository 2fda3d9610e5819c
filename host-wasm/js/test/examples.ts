// The examples of the documentation, for the compiler in its strictest mode.
import { Author, Bank, History, Recogniser, SensillaError, hitsFor, init, initSync, realmId, verifyInclusion } from "sensilla";
import type { Hit, Hits, Recall } from "sensilla";
import { Bank as Small, init as initSmall } from "sensilla/bank";
import { Log, readEvent } from "sensilla/log";
import { load, own, save, watch } from "sensilla/store";
import { SensillaWorker } from "sensilla/worker";
import type { Remote } from "sensilla/worker";

export async function search(embedding: Float32Array, query: number[]): Promise<Hit[]> {
  await init();
  using bank = new Bank(384, 10_000, { keep: "both", metric: "cosine" });
  const id: number = bank.insert(embedding, 7, { confidence: 0.9, at: Date.now() });
  bank.update(id, null, 8);
  const into: Hits = hitsFor(1, 5);
  bank.searchBatch(query, { k: 5, goal: 0.95, into, where: (label) => label > 3 });
  return bank.search(query, { k: 5, labels: [7, 8] });
}

export function gestures(channels: number, window: ArrayBuffer): Recall | undefined {
  const recogniser = new Recogniser(channels, { rate: 60, size: "small" });
  recogniser.push(window);
  recogniser.embed();
  recogniser.learn("wave", { at: 1 });
  return recogniser.recall({ k: 3 });
}

export function door(secret: Uint8Array): boolean {
  const author = new Author(secret, { realm: realmId("house", 1, secret) });
  const history = new History({ events: 1024, whenFull: "evictOldest" });
  const event = author.assert({ context: "hall", subject: "door", predicate: "state", value: "open" });
  const { index } = history.ingest(event);
  const [conflict] = history.conflicts();
  if (conflict?.state === "resolved") console.log(conflict.claims[0].length, readEvent(event).author);
  return verifyInclusion({ event, index, size: history.length, proof: history.proveInclusion(index), root: history.root() });
}

export async function kept(): Promise<void> {
  await initSmall();
  try {
    const bank = await load("words", Small);
    const saved = await save("words", bank, { persist: false });
    console.log(saved.version, saved.place);
  } catch (error) {
    if (error instanceof SensillaError && error.code === 0x2233) console.log("nothing yet");
  }
  const release = await own("words");
  const stop = watch("words", (version) => console.log(version));
  stop();
  release();
}

export async function aside(signal: AbortSignal): Promise<number> {
  const worker = await SensillaWorker.start();
  const bank: Remote<Bank> = await worker.make("Bank", 384, 1000);
  const ids: Float64Array = await bank.inPieces({ signal, onProgress: (done, of) => console.log(done / of) }, "insertBatch", new Float32Array(384), [1]);
  const hits: Hit[] = await bank.search(new Float32Array(384));
  const length: number = await bank.read("length");
  const log: Remote<InstanceType<typeof History>> = await worker.open("History", new Uint8Array());
  await log.root();
  worker.end();
  return ids.length + hits.length + length;
}

export function early(bytes: Uint8Array): Log {
  initSync(bytes);
  // @ts-expect-error labels are numbers
  new Bank(3, 3).insert([1, 2, 3], "7");
  // @ts-expect-error there is no such option
  new Bank(3, 3).search([1, 2, 3], { K: 3 });
  return new Log({ events: 8 });
}
