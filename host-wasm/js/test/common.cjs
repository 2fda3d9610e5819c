// A project without ES modules.
const assert = require("node:assert/strict");
const { init, Bank } = require("sensilla/bank");
const { SensillaWorker } = require("sensilla/worker");

(async () => {
  assert.throws(() => new Bank(3, 3), (error) => error.code === 0x2220);
  await init();
  const bank = new Bank(3, 100);
  const id = bank.insert([0.9, 0.1, 0], 7);
  assert.equal(bank.search([1, 0, 0.1], { k: 1 })[0].id, id);
  const other = await import("sensilla/bank");
  await other.init();
  assert.equal(other.Bank.open(bank.toBytes()).length, 1);
  const worker = await SensillaWorker.start();
  const remote = await worker.make("Bank", 3, 100);
  await remote.insert([0, 1, 0], 8);
  assert.equal(await remote.read("length"), 1);
  worker.end();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
