// Random calls, most of them wrong: the module stays alive, and what is in it is what the good calls
// alone would have made.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Bank, History, Author, Recogniser, init } from "sensilla";

const CALLS = Number(process.env.SENSILLA_FUZZ_CALLS ?? 20_000);
const D = 8;

before(() => init());

/** Mulberry32: the same numbers on every run. */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Values that are seldom right anywhere. */
function odd(random) {
  const values = [
    undefined, null, NaN, Infinity, -Infinity, -1, -0, 0.5, 2 ** 31, 2 ** 32, 2 ** 32 + 5, 2 ** 53, 1e300, 5e-324,
    "", "5", "text", "\ud800", true, false, 5n, 2n ** 70n, Symbol("s"), {}, [], [null], [NaN], new Array(5), [1, , 3], new Date(0),
    () => 1, /x/, new Map(), new Proxy([], {}), new Float32Array(), new Float32Array(7), new Float64Array(D), new Uint8Array(32),
    new ArrayBuffer(0), new ArrayBuffer(3), new ArrayBuffer(4 * D), new SharedArrayBuffer(4 * D), new DataView(new ArrayBuffer(8)),
    Float32Array.of(NaN, 1, 1, 1, 1, 1, 1, 1), Object.create(null), { length: D }, { valueOf: () => 3 }, { k: -1 }, { k: 3 },
  ];
  const value = values[Math.floor(random() * values.length)];
  if (value instanceof ArrayBuffer && random() < 0.3) structuredClone(value, { transfer: [value] });
  return value;
}

/** A row that is right. */
const row = (random) => Float32Array.from({ length: D }, () => random() - 0.5);

/** What is called: how its arguments are made when they are right. */
const OPERATIONS = {
  insert: (r) => [row(r), Math.floor(r() * 9), { confidence: r(), at: Math.floor(r() * 1e6) }],
  insertBatch: (r) => [Array.from({ length: 3 * D }, () => r() - 0.5), Uint32Array.of(1, 2, 3)],
  insertEvicting: (r) => [row(r), Math.floor(r() * 9)],
  update: (r, ids) => [pick(r, ids), r() < 0.5 ? row(r) : null, 4],
  remove: (r, ids) => [pick(r, ids)],
  vector: (r, ids) => [pick(r, ids)],
  get: (r, ids) => [pick(r, ids)],
  search: (r) => [row(r), { k: Math.floor(r() * 20), labels: [1, 2, 3] }],
  searchBatch: (r) => [Float32Array.from({ length: 4 * D }, () => r() - 0.5), { k: 3, goal: "exact" }],
  audit: () => [5],
  health: () => [],
  rows: () => [],
};
const CHANGES = ["insert", "insertBatch", "insertEvicting", "update", "remove", "audit"];

const pick = (random, ids) => ids[Math.floor(random() * ids.length)] ?? 0;

test(`${CALLS} calls of a bank`, () => {
  const random = generator(20);
  const bank = new Bank(D, 64);
  let twin = new Bank(D, 64);
  let [ids, others] = [[], []];
  let [good, bad] = [0, 0];
  const names = Object.keys(OPERATIONS);
  for (let call = 0; call < CALLS; call++) {
    const name = names[Math.floor(random() * names.length)];
    const right = OPERATIONS[name](random, ids);
    const given = [...right];
    if (random() < 0.6 && given.length > 0) given[Math.floor(random() * given.length)] = odd(random);
    let result;
    try {
      result = bank[name](...given);
      good++;
    } catch (error) {
      bad++;
      assert.ok(error instanceof Error && typeof error.code === "number" && error.code > 0, `${name}: ${error}`);
      assert.notEqual(error.code, 0x2222, `${name}: ${error}`);
      assert.ok(error.message.startsWith(`${name}: `), error.message);
      continue;
    }
    if (!CHANGES.includes(name)) continue;
    // The twin gets the calls that were good, its own ids in place of the bank's.
    const same = name === "update" || name === "remove" ? [mapped(given[0], ids, others), ...given.slice(1)] : given;
    const echo = twin[name](...same);
    if (name === "insert") [ids, others] = [[...ids, result], [...others, echo]];
    if (name === "insertBatch") [ids, others] = [[...ids, ...result], [...others, ...echo]];
    if (name === "insertEvicting") [ids, others] = [[...ids, result.id], [...others, echo.id]];
    if (ids.length > 200) {
      const live = ids.map((id) => bank.get(id) !== undefined);
      [ids, others] = [ids.filter((_, at) => live[at]), others.filter((_, at) => live[at])];
    }
    if (call % 64 === 0) assert.equal(hex(bank.digest()), hex(twin.digest()));
  }
  assert.equal(hex(bank.digest()), hex(twin.digest()));
  assert.ok(good > CALLS / 10 && bad > CALLS / 10, `${good} good, ${bad} bad`);
});

function mapped(given, ids, others) {
  const one = (id) => others[ids.lastIndexOf(id)] ?? id;
  return typeof given === "number" ? one(given) : Array.from(given, one);
}

test(`${CALLS / 10} calls of a history`, () => {
  const random = generator(21);
  const options = { events: 64, dimensions: 2, seed: new Uint8Array(8).fill(3) };
  const [history, twin] = [new History(options), new History(options)];
  const author = new Author(new Uint8Array(32).fill(5));
  const claim = (r) => ({ context: "hall", subject: `door ${Math.floor(r() * 4)}`, predicate: "state", value: `${Math.floor(r() * 3)}`, at: 1_000, embedding: [r(), r()] });
  for (let call = 0; call < CALLS / 10; call++) {
    const said = claim(random);
    if (random() < 0.5) {
      const names = Object.keys(said);
      said[names[Math.floor(random() * names.length)]] = odd(random);
    }
    let event;
    try {
      event = author.assert(said);
    } catch (error) {
      assert.ok(error.code > 0 && error.code !== 0x2222, String(error));
      continue;
    }
    const options = { now: random() < 0.3 ? odd(random) : 1_000 };
    const bytes = random() < 0.3 ? odd(random) : event;
    let taken;
    try {
      taken = history.ingest(bytes, options);
    } catch (error) {
      assert.ok(error.code > 0 && error.code !== 0x2222, String(error));
      // A refusal that the core made is counted there: the twin hears of it too.
      if (error.code < 0x2200) assert.throws(() => twin.ingest(bytes, options));
      continue;
    }
    assert.deepEqual(twin.ingest(bytes, options.now === undefined ? { now: taken.at } : options).id, taken.id);
    for (const query of ["event", "proveInclusion", "root", "find", "quarantine", "advance", "next"]) {
      try {
        const wrong = odd(random);
        if (query !== "advance" || typeof wrong !== "number" || wrong < 0 || Number.isNaN(wrong)) history[query](wrong);
      } catch (error) {
        assert.ok(error.code > 0 && error.code !== 0x2222, `${query}: ${error}`);
      }
    }
    history.root();
    twin.root();
  }
  assert.equal(history.length, twin.length);
  assert.equal(hex(history.root()), hex(twin.root()));
});

test(`${CALLS / 10} calls of a recogniser`, () => {
  const random = generator(22);
  const [recogniser, twin] = [new Recogniser(2, { patterns: 8 }), new Recogniser(2, { patterns: 8 })];
  const samples = (r) => Array.from({ length: 2 * 20 }, (_, at) => Math.sin(at * (1 + Math.floor(r() * 3))) + r());
  const operations = {
    push: (r) => [samples(r)],
    calibrate: () => [],
    keepScales: () => [],
    embed: () => [],
    recall: () => [{ k: 2 }],
    learn: (r) => [`label ${Math.floor(r() * 4)}`, { at: 7 }],
    watch: () => [],
  };
  const names = Object.keys(operations);
  for (let call = 0; call < CALLS / 10; call++) {
    const name = names[Math.floor(random() * names.length)];
    const given = operations[name](random);
    if (random() < 0.3 && given.length > 0) given[Math.floor(random() * given.length)] = odd(random);
    try {
      recogniser[name](...given);
    } catch (error) {
      assert.ok(error.code > 0 && error.code !== 0x2222, `${name}: ${error}`);
      continue;
    }
    twin[name](...given);
  }
  assert.equal(hex(recogniser.digest()), hex(twin.digest()));
});
