// Saving by name in files of Node, and workers there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Bank, init } from "sensilla/bank";
import { erase, load, save, stored } from "sensilla/store";
import { SensillaWorker } from "sensilla/worker";

await init();
const folder = await mkdtemp(join(tmpdir(), "sensilla-"));
const filled = (rows) => {
  const bank = new Bank(16, 2000);
  bank.insertBatch(Float32Array.from({ length: 16 * rows }, (_, at) => Math.sin(at * at)), Uint32Array.from({ length: rows }, (_, at) => at));
  return bank;
};

test("what is saved comes back, version after version", async () => {
  await assert.rejects(load("words", Bank, { folder }), (error) => error.code === 0x2233);
  const bank = filled(10);
  const saved = await save("words", bank, { folder });
  assert.deepEqual(saved, { version: 1, bytes: bank.byteLength, place: "file", isPersistent: true });
  bank.insert(new Float32Array(16).fill(1), 99);
  assert.equal((await save("words", bank, { folder })).version, 2);
  const again = await load("words", Bank, { folder });
  assert.deepEqual(again.digest(), bank.digest());
  assert.deepEqual((await stored("words", { folder })).bytes, bank.toBytes());
  await erase("words", { folder });
  await assert.rejects(load("words", Bank, { folder }), (error) => error.code === 0x2233);
});

test("a file that was changed is told, and names that are none", async () => {
  await save("spoilt", filled(3), { folder });
  const path = join(folder, "spoilt.sensilla");
  const bytes = await readFile(path);
  bytes[bytes.length - 100] ^= 1;
  await writeFile(path, bytes);
  await assert.rejects(load("spoilt", Bank, { folder }), (error) => error.code === 0x2234);
  await writeFile(path, bytes.subarray(0, 20));
  await assert.rejects(load("spoilt", Bank, { folder }), (error) => error.code === 0x2234);
  for (const name of ["", "../up", "a/b", "x".repeat(101), 5, null]) {
    await assert.rejects(save(name, filled(1), { folder }), (error) => error.code === 0x2210);
  }
  await assert.rejects(save("none", {}, { folder }), (error) => error.code === 0x2210);
});

test("a process that is killed while it saves leaves the version before or the one after", async () => {
  const script = `
    import { Bank, init } from "sensilla/bank";
    import { save } from "sensilla/store";
    await init();
    const bank = new Bank(16, 2000);
    for (let at = 0; ; at++) {
      bank.insertEvicting(new Float32Array(16).fill(1).map((x, i) => x + i * at), at);
      const { version } = await save("killed", bank, { folder: ${JSON.stringify(folder)} });
      console.log(version);
    }`;
  let last = 0;
  for (let kill = 0; kill < 5; kill++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    child.stdout.on("data", (data) => (told += data));
    while (!told.includes("\n")) await sleep(5);
    await sleep(20 + 13 * kill);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    const promised = Number(told.trim().split("\n").at(-1));
    const { version } = await stored("killed", { folder });
    assert.ok(version === promised || version === promised + 1, `${version}, promised ${promised}`);
    assert.ok(version > last);
    last = version;
    assert.ok((await load("killed", Bank, { folder })).length > 0);
  }
});

test("a worker does what the page does, tells how far it is, and ends when it is told", async () => {
  const worker = await SensillaWorker.start();
  const bank = await worker.make("Bank", 16, 2000);
  const rows = 1000;
  const vectors = Float32Array.from({ length: 16 * rows }, (_, at) => Math.sin(at * at));
  const labels = Uint32Array.from({ length: rows }, (_, at) => at);
  const seen = [];
  const ids = await bank.inPieces({ onProgress: (done, of) => seen.push([done, of]) }, "insertBatch", vectors, labels);
  assert.equal(ids.length, rows);
  assert.ok(seen.length > 3 && seen.every(([done, of]) => done < of && of === rows));
  assert.deepEqual(await bank.digest(), filled(rows).digest());
  const queries = vectors.subarray(0, 16 * 200);
  const here = filled(rows).searchBatch(queries, { k: 3 });
  const there = await bank.inPieces({}, "searchBatch", queries, { k: 3 });
  // The marks of banks in their ids differ; what they are of does not.
  assert.deepEqual({ ...there, ids: 0 }, { ...here, ids: 0 });
  const abort = new AbortController();
  const moved = vectors.slice();
  const inserting = bank.inPieces({ signal: abort.signal, transfer: true, onProgress: () => abort.abort() }, "insertBatch", moved, labels);
  await assert.rejects(inserting, (error) => error.name === "AbortError");
  assert.equal(moved.length, 0);
  assert.equal(await bank.read("length"), rows);
  await assert.rejects(bank.insert([1], 1), (error) => error instanceof RangeError && error.code === 0x2211);
  await assert.rejects(bank.nothing(), (error) => error instanceof TypeError);
  await bank.saveAs("worked", { folder });
  assert.deepEqual((await load("worked", Bank, { folder })).digest(), await bank.digest());
  const again = await worker.load("Bank", "worked", { folder });
  assert.equal(await again.read("length"), rows);
  const author = await worker.make("Author", new Uint8Array(32).fill(9));
  const log = await worker.make("History", { events: 8 });
  const event = await author.assert({ context: "a", subject: "b", predicate: "c", value: "d", at: 5 });
  assert.equal((await log.ingest(event, { now: 5 })).index, 0);
  assert.match(await log.checkpoint("log.example", author), /^log\.example\n1\n/);
  worker.end();
  await assert.rejects(bank.search(vectors.subarray(0, 16)), (error) => error.code === 0x2240);
});
