// What every runtime has to do with the package.
export async function check({ init, Bank, Log, Author }) {
  await init();
  const bank = new Bank(3, 100);
  const id = bank.insert([0.9, 0.1, 0], 7);
  if (bank.search([1, 0, 0.1])[0].id !== id) throw new Error("the row is not found");
  const log = new Log({ events: 8 });
  const author = new Author(new Uint8Array(32).fill(7));
  log.ingest(author.assert({ context: "hall", subject: "door", predicate: "state", value: "open" }));
  if (log.length !== 1) throw new Error("the event is not taken");
}
