// Opens what is saved, which has its own hash, and says which version that is.
import { Bank, init } from "/node_modules/sensilla/dist/bank.js";
import { load, stored } from "/node_modules/sensilla/dist/store.js";

const { dataset } = document.documentElement;
try {
  await init();
  const { version, bytes } = await stored("killed");
  Bank.open(bytes);
  await load("killed", Bank);
  dataset.version = version;
  dataset.state = "done";
} catch (error) {
  dataset.why = `${error} (code ${error?.code})`;
  dataset.state = "failed";
}
