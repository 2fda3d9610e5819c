// What a caller may give by mistake: each is refused by name and value, and nothing has changed.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Author, Bank, History, Log, Recogniser, hitsFor, init, verifyInclusion } from "sensilla";

before(() => init());

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const thrown = (call) => {
  try {
    call();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
};
const secret = new Uint8Array(32).fill(1);

/** A bank of four components with a row along each axis. */
function axes() {
  const bank = new Bank(4, 8);
  const ids = bank.insertBatch([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [1, 2, 3, 4]);
  return { bank, ids };
}

function detached(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

test("a message names the call, the argument, what was expected and what came", () => {
  const bank = new Bank(384, 8);
  const error = thrown(() => bank.searchBatch(new Float64Array(384)));
  assert.ok(error instanceof TypeError);
  assert.equal(
    error.message,
    "searchBatch: queries: expected whole rows of 384 as Float32Array, number[] or ArrayBuffer, got Float64Array of 384",
  );
  assert.equal(error.code, 0x2210);
  assert.match(thrown(() => bank.insert([1], 1)).message, /^insert: vector: expected 384 floats as .*, got an array of 1$/);
  assert.match(thrown(() => bank.insert(new Float32Array(384).fill(1), 2 ** 32 + 5)).message, /label: .*0 to 4294967295, got 4294967301$/);
});

test("vectors that are none change nothing", () => {
  const { bank, ids } = axes();
  assert.match(thrown(() => bank.insert(null, 9)).message, /^insert: vector: expected 4 floats .*, got null$/);
  const before = hex(bank.digest());
  const holes = [1, 0, 0, 0];
  delete holes[2];
  const tricky = [1, 0, 0, 0];
  Object.defineProperty(tricky, 1, { get: () => Number.NaN });
  const wrong = [
    null, undefined, 0, 21.5, true, "abc", "1,0,0,0", {}, { length: 4, 0: 1, 1: 0, 2: 0, 3: 0 }, new Date(), Symbol("v"), 5n,
    [], [1], [1, 0, 0], [1, 0, 0, 0, 0], [null, 1, 0, 0], [undefined, 1, 0, 0], ["1", 0, 0, 0], [[1], 0, 0, 0], [1n, 0, 0, 0],
    holes, tricky, [NaN, 1, 0, 0], [Infinity, 0, 0, 0], [-Infinity, 0, 0, 0], [1e300, 0, 0, 0],
    Float32Array.of(NaN, 1, 0, 0), Float32Array.of(1, 0, 0, Infinity), new Float32Array(3), new Float32Array(5),
    new Float64Array(4).fill(1), new Int32Array(4).fill(1), new Uint8Array(16).fill(1), new DataView(new ArrayBuffer(16)),
    new ArrayBuffer(0), new ArrayBuffer(15), new ArrayBuffer(12), detached(new Float32Array(4)), detached(new Float32Array(4)).buffer,
    new Float32Array(4), [0, 0, 0, 0],
  ];
  for (const vector of wrong) {
    for (const call of [() => bank.insert(vector, 9), () => bank.insertEvicting(vector, 9), () => bank.insertBatch(vector, [9])]) {
      const error = thrown(call);
      assert.ok(error instanceof TypeError || error instanceof RangeError || error.name === "SensillaError", String(error));
      assert.ok(error.code > 0, String(error));
      assert.match(error.message, /^insert/);
    }
    if (vector !== null) assert.ok(thrown(() => bank.update(ids[0], vector, 9)).code > 0);
    // A search for zeros, or for what no row is near to, is refused or finds something: never a crash.
    try {
      bank.search(vector);
      bank.searchBatch(vector);
    } catch (error) {
      assert.ok(error.code > 0, String(error));
    }
  }
  assert.equal(hex(bank.digest()), before);
  assert.equal(bank.length, 4);
});

test("memory of every kind is taken as what it holds", () => {
  const { bank, ids } = axes();
  const want = bank.search([0, 1, 0, 0], { k: 1 });
  assert.equal(want[0].id, ids[1]);
  const floats = Float32Array.of(0, 1, 0, 0);
  const shared = new SharedArrayBuffer(16);
  new Float32Array(shared).set(floats);
  const resizable = new ArrayBuffer(16, { maxByteLength: 64 });
  new Float32Array(resizable).set(floats);
  const inside = Float32Array.of(9, 0, 1, 0, 0, 9).subarray(1, 5);
  class Mine extends Float32Array {}
  for (const query of [floats, floats.buffer, shared, new Float32Array(shared), resizable, new Float32Array(resizable), inside, Mine.from(floats), [0, 1, 0, 0]]) {
    assert.deepEqual(bank.search(query, { k: 1 }), want);
    assert.deepEqual([...bank.searchBatch(query, { k: 1 }).labels], [2]);
  }
});

test("numbers that do not fit are refused, and none wraps", () => {
  const { bank, ids } = axes();
  const before = hex(bank.digest());
  const row = [1, 2, 3, 4];
  const numbers = [-1, -0.5, 0.5, 1.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 32 + 5, 2 ** 53, 1e300, "1", null, 1n, true, {}, [1], new Date()];
  for (const wrong of numbers) {
    for (const call of [
      () => bank.insert(row, wrong),
      () => bank.insertBatch(row, [wrong]),
      () => bank.update(ids[0], row, wrong),
      () => bank.audit(wrong),
      () => new Bank(wrong, 8),
      () => new Bank(8, wrong),
      () => new Bank(8, 8, { links: wrong }),
      () => bank.search(row, { labels: [wrong] }),
      () => new Recogniser(wrong),
      () => new Log({ events: wrong }),
    ]) {
      const error = thrown(call);
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
    }
  }
  for (const k of [-1, 1.5, NaN, 2 ** 31, 2 ** 32, 2 ** 32 + 5, 65_537, "5", null, 5n]) {
    assert.ok(thrown(() => bank.search(row, { k })).code > 0);
    assert.ok(thrown(() => bank.searchBatch(row, { k })).code > 0);
  }
  for (const wrong of [-1, 1.01, NaN, "1", null]) {
    assert.ok(thrown(() => bank.insert(row, 1, { confidence: wrong })).code > 0);
    assert.ok(thrown(() => bank.insert(row, 1, { confidence: 1, at: wrong === 1.01 ? -1 : wrong })).code > 0);
  }
  assert.equal(bank.search(row, { k: 0 }).length, 0);
  assert.equal(bank.search(row, { k: 65_536 }).length, 4);
  assert.equal(hex(bank.digest()), before);
});

test("a name that an option does not have is told", () => {
  const { bank } = axes();
  assert.match(thrown(() => bank.search([1, 0, 0, 0], { K: 3 })).message, /^search: options\.K: expected no option but k, .*, got 3$/);
  assert.match(thrown(() => bank.search([1, 0, 0, 0], 3)).message, /^search: options: expected an object/);
  assert.match(thrown(() => new Bank(4, 4, { keep: "float" })).message, /"bytes" or "floats" or "both" or "bits", got "float"/);
});

test("ids are numbers of one bank", () => {
  const { bank, ids } = axes();
  const { bank: other, ids: others } = axes();
  const before = [hex(bank.digest()), hex(other.digest())];
  for (const id of [others[0], ids[0] + 2 ** 52, 0, 2 ** 53 - 1]) {
    for (const call of [() => bank.remove(id), () => bank.vector(id), () => bank.update(id, null, 1)]) {
      assert.ok([0x221, 0x241].includes(thrown(call).code));
    }
    assert.equal(bank.get(id), undefined);
  }
  for (const id of [-1, 0.5, NaN, "1", null, undefined, 5n, {}, 2 ** 53]) {
    for (const call of [() => bank.remove(id), () => bank.vector(id), () => bank.get(id), () => bank.update(id, null, 1)]) {
      assert.ok(thrown(call).code >= 0x2210);
    }
  }
  assert.equal(thrown(() => bank.remove([ids[0], ids[0]])).code, 0x241);
  assert.equal(thrown(() => bank.remove([ids[0], others[1]])).code, 0x241);
  assert.deepEqual([hex(bank.digest()), hex(other.digest())], before);
  bank.remove(ids[2]);
  assert.equal(thrown(() => bank.remove(ids[2])).code, 0x241);
  // Ids remain what they are over a save.
  const copy = Bank.open(bank.toBytes());
  assert.deepEqual(copy.rows(), bank.rows());
  assert.deepEqual(copy.get(ids[1]), bank.get(ids[1]));
  assert.equal(copy.get(ids[2]), undefined);
});

test("text is text, and nothing else is signed", () => {
  const author = new Author(secret);
  const claim = { context: "hall", subject: "temp", predicate: "celsius", value: "21.5", at: 1000 };
  const signed = author.assert(claim).length;
  assert.ok(signed > 100);
  for (const name of ["context", "subject", "predicate", "value"]) {
    for (const wrong of [21.5, 0, true, new Date(), { open: true }, null, undefined, [], ["a"], 5n, () => "x", Symbol("x"), "\ud800"]) {
      const error = thrown(() => author.assert({ ...claim, [name]: wrong }));
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, new RegExp(`^assert: (claim\\.)?${name}: expected`));
    }
  }
  assert.equal(thrown(() => author.assert({ ...claim, value: 21.5 })).message, "assert: value: expected a string, got 21.5");
  for (const wrong of [undefined, null, "hall", 7]) assert.ok(thrown(() => author.assert(wrong)) instanceof TypeError);
  assert.equal(author.next, 2);
});

test("keys, ids and proofs have their lengths", () => {
  for (const wrong of [new Uint8Array(31), new Uint8Array(33), new ArrayBuffer(31), [1], "a".repeat(32), null, undefined, 5, detached(new Uint8Array(32)), new Float32Array(8)]) {
    assert.ok(thrown(() => new Author(wrong)).code >= 0x2210);
    const log = new Log();
    assert.ok(thrown(() => log.find(wrong)).code >= 0x2210);
    assert.ok(thrown(() => verifyInclusion({ event: secret, index: 0, size: 1, proof: new Uint8Array(), root: wrong })).code >= 0x2210);
  }
  assert.deepEqual(new Author(secret.buffer).publicKey, new Author(secret).publicKey);
  assert.ok(thrown(() => verifyInclusion({ event: secret, index: -1, size: 1, proof: secret, root: secret })).code >= 0x2210);
  assert.equal(verifyInclusion({ event: secret, index: 0, size: 0, proof: new Uint8Array(), root: secret }), false);
});

test("places in a log and times are whole and there", () => {
  const log = new History();
  const author = new Author(secret);
  const event = author.assert({ context: "hall", subject: "door", predicate: "state", value: "open", at: 1000 });
  log.ingest(event, { now: 1000 });
  const before = hex(log.digest());
  assert.equal(thrown(() => log.ingest(event, { now: 1000 })).code, 0x632);
  assert.equal(thrown(() => log.ingest(new Uint8Array(100), { now: 1000 })).code, 0x622);
  for (const now of [NaN, -1, "1", null, 5n, 1e300]) assert.ok(thrown(() => log.ingest(event, { now })).code >= 0x2210);
  for (const index of [-1, 0.5, 2 ** 53, NaN, "0", 9, 2 ** 32]) {
    assert.ok(thrown(() => log.event(index)).code > 0);
    assert.ok(thrown(() => log.proveInclusion(index)).code > 0);
  }
  for (const events of [event, "x", null, [event, null], [5]]) assert.ok(thrown(() => log.ingestBatch(events)) instanceof TypeError);
  assert.equal(log.length, 1);
  // A refusal is counted, and no more.
  assert.equal(log.claims, 1);
  assert.ok(before.length === 64);
});

test("what was freed, and what is of another class, is told", () => {
  const { bank, ids } = axes();
  const hits = bank.searchBatch([1, 0, 0, 0], { k: 2 });
  bank.free();
  bank.free();
  for (const call of [() => bank.length, () => bank.search([1, 0, 0, 0]), () => bank.remove(ids[0]), () => bank.toBytes()]) {
    assert.equal(thrown(call).code, 0x2201);
  }
  assert.equal(hits.labels.length, 2);
  assert.ok(thrown(() => Bank.prototype.search.call(new Log(), [1, 0, 0, 0])) instanceof TypeError);
  assert.ok(thrown(() => new Log().checkpoint("log.example", {})) instanceof TypeError);
  assert.equal(axes().bank.length, 4);
});

test("a function that is asked about labels can free the bank, and that is all", () => {
  const { bank } = axes();
  const error = thrown(() => bank.search([1, 0, 0, 0], { where: () => (bank.free(), true) }));
  assert.equal(error.code, 0x2201);
  const { bank: next } = axes();
  assert.throws(() => next.search([1, 0, 0, 0], { where: () => { throw new Error("page"); } }), /page/);
  assert.throws(() => next.search([1, 0, 0, 0], { where: () => 1 }), TypeError);
  assert.deepEqual(next.search([1, 1, 1, 1], { where: (label) => label > 2 }).map((hit) => hit.label).sort(), [3, 4]);
});

test("too much memory is an error, and the module goes on", () => {
  for (const [d, n, keep] of [[8192, 1 << 24, "bytes"], [8192, 524_288, "both"], [8192, 524_288, "bytes"]]) {
    assert.equal(thrown(() => new Bank(d, n, { keep })).code >> 8, 1);
  }
  assert.ok(thrown(() => new Log({ events: 2 ** 30, bytes: 2 ** 32 - 1 })).code > 0);
  assert.equal(axes().bank.search([0, 0, 1, 0], { k: 1 })[0].label, 3);
});

test("bytes that are no bank, or were changed, are refused", () => {
  const { bank } = axes();
  const bytes = bank.toBytes();
  assert.deepEqual(bank.toBytes(), bytes);
  assert.equal(hex(Bank.open(bytes).digest()), hex(bank.digest()));
  assert.equal(hex(Bank.open(bytes.buffer).digest()), hex(bank.digest()));
  assert.equal(Bank.open(new Bank(4, 8).toBytes()).length, 0);
  for (const wrong of [new Uint8Array(), bytes.subarray(0, 1000), new Uint8Array(200), new Log().toBytes()]) {
    assert.equal(thrown(() => Bank.open(wrong)).code >> 8, 1);
    assert.equal(thrown(() => Recogniser.open(wrong)).code >> 8, 1);
    assert.equal(thrown(() => History.open(wrong)).code >> 8, 1);
  }
  for (let at = 0; at < bytes.length; at += 7) {
    bytes[at] ^= 1;
    assert.ok(thrown(() => Bank.open(bytes)).code >> 8 === 1);
    bytes[at] ^= 1;
  }
});

test("arrays of the caller are filled, or named where they have no room", () => {
  const { bank } = axes();
  const into = hitsFor(2, 3);
  const queries = [1, 0, 0, 0, 0, 1, 0, 0];
  const hits = bank.searchBatch(queries, { k: 3, into });
  assert.equal(hits.ids, into.ids);
  assert.deepEqual(hits, bank.searchBatch(queries, { k: 3 }));
  assert.match(thrown(() => bank.searchBatch(queries, { k: 3, into: hitsFor(2, 2) })).message, /options\.into\.ids: expected a Float64Array of 6 or more/);
  assert.ok(thrown(() => bank.searchBatch(queries, { k: 3, into: { ...into, labels: [] } })) instanceof TypeError);
  const vector = new Float32Array(4);
  assert.equal(bank.vector(hits.ids[0], vector), vector);
  assert.ok(vector[0] > 0.99);
});
