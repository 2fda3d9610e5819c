import { Bank, init } from "/node_modules/sensilla/dist/bank.js";
import { load, save } from "/node_modules/sensilla/dist/store.js";

await init();
let bank = await load("killed", Bank).catch(() => undefined);
bank ??= new Bank(64, 2_000);
for (let at = 0; ; at++) {
  bank.insertEvicting(Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * at + i)), at);
  postMessage((await save("killed", bank, { persist: false })).version);
}
