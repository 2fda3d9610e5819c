// Pages of the package in Debian's Chromium.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRequire } from "node:module";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };
/** What a strict page allows, with the one word that WebAssembly needs. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'";

/** Serves folders, the first that has a file. */
function serve(folders, missing = () => false) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname)).replace(/\/$/, "/index.html");
    for (const folder of missing(path) ? [] : folders) {
      try {
        const bytes = await readFile(join(folder, path));
        response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", "Content-Security-Policy": POLICY });
        return response.end(bytes);
      } catch {}
    }
    // As servers of single pages answer: with a page.
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end("<!doctype html><title>elsewhere</title>");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ url: `http://127.0.0.1:${server.address().port}`, end: () => server.close() })));
}

export async function browsers({ esm, vite, pages, tools, long }) {
  const { chromium } = createRequire(join(tools, "here"))("playwright-core");
  const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "sensilla-")), {
    executablePath: process.env.SENSILLA_CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    headless: true,
  });
  const servers = [];
  const from = async (...given) => {
    const server = await serve(...given);
    servers.push(server);
    return server.url;
  };
  try {
    const site = await from([esm, pages]);
    await plain(context, `${site}/plain.html`);
    const bare = await from([esm, pages], (path) => path.endsWith(".wasm"));
    await plain(context, `${bare}/plain.html`);
    await plain(context, `${await from([vite])}/`);
    await killed(context, site, long ? 1_000 : 30);
  } finally {
    await context.close();
    for (const server of servers) server.end();
  }
}

/** A page that says itself whether all went as it should. */
async function plain(context, url) {
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.dataset.state !== undefined, undefined, { timeout: 60_000 }).catch(() => {});
  const told = await page.evaluate(() => document.body.textContent);
  assert.deepEqual(faults, []);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.state), "done", told);
  await page.close();
}

/** A tab that dies while it saves leaves the version before or the one after, whole. */
async function killed(context, site, times) {
  let last = 0;
  let between = 0;
  for (let kill = 0; kill < times; kill++) {
    const page = await context.newPage();
    let promised = 0;
    await page.exposeFunction("told", (version) => (promised = version));
    await page.goto(`${site}/saving.html`);
    const began = Date.now();
    while (promised === 0 && Date.now() - began < 20_000) await sleep(5);
    await sleep((kill * 17) % 90);
    const session = await context.newCDPSession(page);
    // The answer never comes, for nobody is there any more to give it.
    session.send("Page.crash").catch(() => {});
    await new Promise((resolve) => page.once("crash", resolve));
    await page.close();
    const after = await context.newPage();
    await after.goto(`${site}/saved.html`);
    await after.waitForFunction(() => document.documentElement.dataset.state !== undefined, undefined, { timeout: 20_000 });
    const { version, state, why } = await after.evaluate(() => ({ ...document.documentElement.dataset }));
    await after.close();
    assert.equal(state, "done", why);
    assert.ok(Number(version) >= promised && promised > 0, `version ${version} after ${promised} was promised`);
    assert.ok(Number(version) > last);
    between += Number(Number(version) !== promised);
    last = Number(version);
  }
  console.log(`npm: ${times} tabs killed while saving: 0 lost, 0 torn, ${between} ended between a save and its word, ${last} saves`);
}
