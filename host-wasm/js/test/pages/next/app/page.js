// Rendered on the server.
import { Bank, init } from "sensilla/bank";
import Client from "./client.js";

export const dynamic = "force-static";

export default async function Page() {
  await init();
  const bank = new Bank(3, 10);
  bank.insert([1, 0, 0], 7);
  return <Client found={bank.search([1, 0, 0])[0].label} />;
}
