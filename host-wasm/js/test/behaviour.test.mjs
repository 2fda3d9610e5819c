// What each entry point is for, by small examples, on the installed package.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as all from "sensilla";
import * as bankOnly from "sensilla/bank";
import * as inline from "sensilla/bank/inline";
import * as logOnly from "sensilla/log";
import * as recogniserOnly from "sensilla/recogniser";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const random = (count, seed = 1) => {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) - 0.5);
};

test("nothing is loaded before init, which says so", () => {
  assert.throws(() => new bankOnly.Bank(3, 3), (error) => error.code === 0x2220 && /await init\(\)/.test(error.message));
});

test("a module that is none is told, and another try is free", async () => {
  await assert.rejects(bankOnly.init(new Uint8Array(100)), (error) => error.code === 0x2221);
  await Promise.all([bankOnly.init(), bankOnly.init()]);
  assert.equal(new bankOnly.Bank(3, 3).length, 0);
});

const fill = ({ Bank }) => {
  const bank = new Bank(24, 500);
  const ids = bank.insertBatch(random(24 * 400), Array.from({ length: 400 }, (_, at) => at % 10));
  bank.remove([ids[3], ids[100]]);
  bank.update(ids[5], random(24, 9), 77, { confidence: 0.5, at: 1000 });
  return bank;
};

test("every module and both builds leave the same bytes", async () => {
  await all.init();
  await inline.init();
  const want = hex(fill(all).digest());
  assert.equal(hex(fill(bankOnly).digest()), want);
  assert.equal(hex(fill(inline).digest()), want);
  // A module of its own for the build without vector instructions.
  const scalar = await import("sensilla/bank?scalar").catch(() => undefined);
  assert.equal(scalar, undefined);
  const path = require.resolve("sensilla/bank");
  delete require.cache[path];
  const again = require("sensilla/bank");
  again.initSync(await readFile(require.resolve("sensilla/bank.scalar.wasm")));
  assert.equal(hex(fill(again).digest()), want);
  assert.equal(want.length, 64);
});

test("a bank finds, changes, forgets and comes back", () => {
  const bank = fill(all);
  assert.equal(bank.length, 398);
  const query = random(24, 9);
  const [first] = bank.search(query, { k: 1 });
  assert.equal(first.label, 77);
  assert.ok(Math.abs(first.confidence - 0.5) < 1e-4 && first.similarity > 0.999);
  assert.deepEqual(bank.get(first.id), { label: 77, confidence: 32768 / 65535, uses: 0, lastUse: 1000 });
  const labels = (options) => new Set(bank.search(query, { k: 50, ...options }).map((hit) => hit.label));
  assert.deepEqual(labels({ labels: [3, 2] }), new Set([2, 3]));
  assert.ok(!labels({ except: Uint32Array.of(77, 3) }).has(77));
  assert.deepEqual(labels({ bitmap: Uint8Array.of(0b10) }), new Set([1]));
  assert.deepEqual(labels({ where: (label) => label === 4 }), new Set([4]));
  assert.equal(bank.search(query, { k: 398, goal: "exact" }).length, 398);
  const health = bank.health();
  assert.equal(health.rows, 398);
  assert.ok(health.recall.mean > 0.9 && health.reason.length > 10);
  assert.equal(bank.rows().ids.length, 398);
  const copy = all.Bank.open(bank.toBytes());
  assert.deepEqual(copy.search(query, { k: 7 }), bank.search(query, { k: 7 }));
  const full = new all.Bank(2, 2);
  full.insertBatch([1, 0, 0, 1], [1, 2], { confidence: [0.1, 0.9] });
  assert.throws(() => full.insert([1, 1], 3), (error) => error.code === 0x211);
  assert.equal(full.insertEvicting([1, 1], 3).evicted.label, 1);
});

test("metrics and kinds of rows are those that were asked for", () => {
  for (const keep of ["bytes", "floats", "both"]) {
    for (const metric of ["cosine", "innerProduct", "squaredEuclidean"]) {
      const bank = new all.Bank(24, 100, { keep, metric, layout: "scan" });
      bank.insertBatch(random(24 * 50), new Uint32Array(50));
      assert.deepEqual([bank.keep, bank.metric, bank.layout], [keep, metric, "scan"]);
      const [best] = bank.search(random(24), { k: 1 });
      assert.ok(metric === "innerProduct" || Math.abs(best.similarity - (metric === "cosine" ? 1 : 0)) < 0.02, `${keep} ${metric} ${best.similarity}`);
    }
  }
  assert.throws(() => new all.Bank(24, 9, { keep: "bits", metric: "innerProduct" }), RangeError);
});

test("a recogniser learns by example and tells the new from the known", async () => {
  await recogniserOnly.init();
  const { Recogniser } = recogniserOnly;
  const recogniser = new Recogniser(2, { rate: 50, patterns: 16 });
  const shapes = { slow: 0.1, fast: 0.9 };
  const window = (shape, seed) => {
    const noise = random(240, seed);
    return Float32Array.from({ length: 240 }, (_, at) => Math.sin((at >> 1) * shapes[shape] + (at & 1)) + 0.1 * noise[at]);
  };
  for (let seed = 1; seed < 5; seed++) {
    recogniser.push(window(seed % 2 ? "slow" : "fast", seed));
    recogniser.calibrate();
  }
  assert.throws(() => recogniser.embed(), (error) => error.code === 0x374);
  recogniser.keepScales();
  assert.ok(recogniser.isCalibrated);
  assert.throws(() => recogniser.learn("slow"), (error) => error.code === 0x2204);
  for (let seed = 5; seed < 25; seed++) {
    const name = seed % 2 ? "slow" : "fast";
    recogniser.push(window(name, seed));
    assert.equal(recogniser.samples, 120);
    assert.equal(recogniser.embed().length, recogniser.dimensions);
    recogniser.learn(name, { at: seed });
  }
  let right = 0;
  for (let seed = 25; seed < 45; seed++) {
    const name = seed % 2 ? "slow" : "fast";
    recogniser.push(window(name, seed));
    recogniser.embed();
    const recall = recogniser.recall();
    right += recall.label === name;
    assert.ok(recall.confidence >= 0 && recall.confidence <= 1 && recall.margin >= 0);
  }
  assert.ok(right >= 19, `${right} of 20`);
  recogniser.push(window("slow", 99));
  recogniser.embed();
  const known = recogniser.recall().novelty;
  recogniser.push(random(240, 100));
  recogniser.embed();
  assert.ok(recogniser.recall().novelty > known);
  assert.deepEqual(recogniser.labels, ["slow", "fast"]);
  const copy = Recogniser.open(recogniser.toBytes());
  assert.equal(hex(copy.digest()), hex(recogniser.digest()));
  assert.deepEqual(copy.labels, recogniser.labels);
  assert.throws(() => copy.recall(), (error) => error.code === 0x2204);
  copy.checkRate(50.1);
  assert.throws(() => copy.checkRate(60), (error) => error.code === 0x377);
});

test("a log proves what is in it, and nothing else", async () => {
  await logOnly.init();
  const { Author, Log, readEvent, verifyCheckpoint, verifyConsistency, verifyInclusion } = logOnly;
  const author = new Author(new Uint8Array(32).fill(7));
  const log = new Log({ events: 64 });
  const events = Array.from({ length: 20 }, (_, at) =>
    author.assert({ context: "hall", subject: `door ${at}`, predicate: "state", value: "open", at: 1000 + at }),
  );
  const forged = events[3].slice();
  forged[60] ^= 1;
  const taken = log.ingestBatch([...events.slice(0, 10), forged, events[2]], { now: 2000 });
  assert.deepEqual(taken.slice(0, 10).map((one) => one.index), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.ok(taken[10].refused > 0 && taken[11].refused === 0x632);
  const [oldRoot, old] = [log.root(), log.length];
  for (const event of events.slice(10)) log.ingest(event, { now: 2000 });
  const [root, size] = [log.root(), log.length];
  for (let index = 0; index < size; index++) {
    const proof = log.proveInclusion(index);
    const { bytes: event } = log.event(index);
    assert.deepEqual(event, events[index]);
    assert.ok(verifyInclusion({ event, index, size, proof, root }));
    assert.ok(!verifyInclusion({ event: events[(index + 1) % 20], index, size, proof, root }));
  }
  const proof = log.proveConsistency(old);
  assert.ok(verifyConsistency({ old, size, proof, oldRoot, root }));
  assert.ok(!verifyConsistency({ old, size, proof, oldRoot: root, root }));
  assert.deepEqual(log.root(old), oldRoot);
  const note = log.checkpoint("log.example/hall", author);
  assert.deepEqual(verifyCheckpoint(note, "log.example/hall", author.publicKey), { size, root });
  assert.throws(() => verifyCheckpoint(note.replace("20", "21"), "log.example/hall", author.publicKey), (error) => error.code === 0x553);
  const head = readEvent(events[4]);
  assert.deepEqual([head.sequence, head.at, head.context, head.kind], [5, 1004, "hall", "assert"]);
  assert.equal(log.find(head.id), 4);
  assert.throws(() => readEvent(forged), (error) => error.code === 0x625);
  log.verify();
  const copy = Log.open(log.toBytes());
  assert.equal(hex(copy.root()), hex(root));
  copy.prune(5);
  assert.throws(() => copy.event(4), (error) => error.code === 0x642);
  assert.equal(hex(copy.root()), hex(root));
});

test("nobody knows where names lie in a log, nor fills it alone", () => {
  const { Author, History, Log } = all;
  const [one, two] = [1, 2].map((seed) => new Author(new Uint8Array(32).fill(seed)));
  const claim = { context: "hall", subject: "door", predicate: "state", value: "open", at: 1000 };
  const event = one.assert(claim);
  const seed = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  for (const Kind of [Log, History]) {
    const digest = (options) => {
      const log = new Kind({ events: 8, ...options });
      log.ingest(event, { now: 2000 });
      return hex(log.digest());
    };
    assert.notEqual(digest(), digest());
    assert.equal(digest({ seed }), digest({ seed }));
    assert.throws(() => new Kind({ seed: seed.subarray(1) }), /options\.seed/);
    assert.throws(() => new Kind({ bytesEach: -1 }), /options\.bytesEach/);
  }
  const log = new Log({ events: 64, bytesEach: 3 * event.length + 10 });
  for (let at = 0; at < 3; at++) log.ingest(one.assert(claim), { now: 2000 });
  assert.throws(() => log.ingest(one.assert(claim), { now: 2000 }), (error) => error.code === 0x638);
  log.ingest(two.assert(claim), { now: 2000 });
});

test("claims that contradict each other come to a decision", () => {
  const { Author, History, realmId } = all;
  const key = (seed) => new Uint8Array(32).fill(seed);
  const root = new Author(key(3)).publicKey;
  const realm = realmId("page", 1, root);
  const [one, two, judge] = [1, 2, 3].map((seed) => new Author(key(seed), { realm }));
  const history = new History({ events: 64, bytes: 32_768, realm });
  history.found("page", 1, root);
  const now = 1000;
  const claim = (author, value) => author.assert({ context: "hall", subject: "door", predicate: "state", value, confidence: 0.9, at: now });
  assert.throws(() => history.ingest(claim(new Author(key(1), { realm }), "open"), { now }));
  for (const [at, member] of [one, two].entries()) history.ingest(judge.admit({ number: at + 1, key: member.publicKey, at: now }), { now });
  assert.equal(history.next(one.publicKey), 1);
  const a = history.ingest(claim(one, "open"), { now });
  const b = history.ingest(claim(two, "shut"), { now });
  assert.deepEqual([a.found, b.found], [0, 1]);
  assert.equal(history.quarantine(a.id), 1);
  const [conflict] = history.conflicts();
  assert.equal(conflict.state, "detected");
  const claims = Buffer.concat(conflict.claims);
  history.ingest(two.challenge({ context: "hall", conflict: conflict.id, claims, reason: "it is shut", at: now }), { now });
  assert.equal(history.quarantine(a.id), 2);
  history.ingest(one.support({ context: "hall", claim: a.id, against: b.id, cost: 5, at: now }), { now });
  history.ingest(judge.appoint({ number: 3, context: "hall", threshold: 1, keys: judge.publicKey, at: now }), { now });
  const decision = { context: "hall", conflict: conflict.id, accepted: a.id, deprecated: b.id, rationale: "seen" };
  const signatures = judge.endorse(decision);
  const decided = history.ingest(judge.resolve({ ...decision, signatures, at: now }), { now });
  assert.deepEqual([decided.resolved, decided.fallen], [1, 1]);
  assert.equal(history.conflicts()[0].state, "resolved");
  assert.equal(history.quarantine(b.id), undefined);
  const copy = History.open(history.toBytes());
  assert.equal(hex(copy.root()), hex(history.root()));
});

test("ten thousand banks in a loop take the memory of one", () => {
  const count = 10_000;
  for (let at = 0; at < count; at++) {
    const bank = new all.Bank(64, 100);
    bank.insert(random(64, at + 1), at);
    bank.free();
  }
  if (Symbol.dispose) {
    const bank = new all.Bank(3, 3);
    bank[Symbol.dispose]();
    assert.throws(() => bank.length, (error) => error.code === 0x2201);
  }
});

test("memory that grows leaves what was returned as it was", () => {
  const bank = fill(all);
  const hits = bank.searchBatch(random(48), { k: 3 });
  const before = [...hits.ids];
  new all.Bank(1024, 50_000).free();
  assert.deepEqual([...hits.ids], before);
  assert.equal(bank.search(random(24), { k: 1 }).length, 1);
});
