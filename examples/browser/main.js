// The page: runs the demo and a bank in the module that `cargo xtask browser` builds into pkg/.
import { Bank, init, runActivity } from "./pkg/sensilla.js";

const $ = (id) => document.getElementById(id);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function show(list, rows) {
  list.replaceChildren(
    ...rows.flatMap(([term, value]) => {
      const dt = document.createElement("dt");
      const dd = document.createElement("dd");
      dt.textContent = term;
      dd.textContent = value;
      return [dt, dd];
    }),
  );
}

function fail(element, error) {
  element.className = "error";
  element.textContent = error.code ? `${error.message} (error ${error.code})` : String(error);
}

function cell(kind, text, className = "") {
  const element = document.createElement(kind);
  element.textContent = text;
  element.className = className;
  return element;
}

function confusion(table, names, counts) {
  const columns = names.length + 1;
  const head = document.createElement("tr");
  head.append(cell("th", ""), ...names.map((name) => cell("th", name)), cell("th", "nothing"));
  const rows = names.map((name, i) => {
    const row = document.createElement("tr");
    row.append(cell("th", name));
    for (let j = 0; j < columns; j++) {
      const count = counts[i * columns + j];
      row.append(cell("td", count || "·", i === j ? "right" : ""));
    }
    return row;
  });
  const thead = document.createElement("thead");
  thead.append(head);
  table.replaceChildren(thead, ...rows);
}

// Does some work under a name: the browser's profiler shows it as a span among its timings. Returns
// the result and the milliseconds.
async function timed(name, work) {
  performance.mark(`${name} begins`);
  const result = await work();
  return [result, performance.measure(name, `${name} begins`).duration];
}

async function activity(loaded) {
  const [run, took] = await timed("activity", () => runActivity());
  $("progress").max = $("progress").value = 1;
  confusion($("confusion"), run.names, run.confusion);
  show($("summary"), [
    ["accuracy", run.accuracy.toFixed(3)],
    ["patterns", run.patterns],
    ["bank digest", hex(run.bankDigest)],
    ["node image", hex(run.imageDigest)],
    ["log", `${run.logSize} events`],
    ["log root", hex(run.logRoot)],
    ["conflicts", `${run.conflictsFound} found, ${run.conflictsResolved} resolved`],
    ["inclusion proof", run.proofVerified ? "verified from the root alone" : "FAILED"],
  ]);
  $("state").textContent = `done in ${took.toFixed(0)} ms; the module was ready after ${loaded.toFixed(0)} ms`;
  document.documentElement.dataset.state = "done";
}

async function bank(dimensions, count) {
  const vectors = Float32Array.from({ length: dimensions * count }, () => Math.random() - 0.5);
  const labels = Uint32Array.from({ length: count }, (_, i) => i);
  const bank = new Bank(dimensions, count);
  const [, filled] = await timed("fill bank", () => bank.insertBatch(vectors, labels));
  const queries = vectors.slice(0, dimensions * Math.min(count, 100));
  const [hits, searched] = await timed("search bank", () => bank.searchBatch(queries, { k: 1 }));
  const right = hits.labels.filter((label, i) => label === i).length;
  const each = (searched * 1000) / hits.counts.length;
  show($("found"), [
    ["filled", `${count} vectors of ${dimensions} in ${filled.toFixed(0)} ms`],
    ["searched", `${hits.counts.length} queries, ${each.toFixed(0)} µs each`],
    ["found themselves", `${right} of ${hits.counts.length}`],
    ["memory", `${bank.byteLength.toLocaleString()} bytes, fixed`],
    ["image digest", hex(bank.digest())],
  ]);
  bank.free();
}

$("bank").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  try {
    await bank(Number(form.get("dimensions")), Number(form.get("count")));
  } catch (error) {
    show($("found"), [["failed", error.message]]);
  }
});

try {
  const [, loaded] = await timed("load module", () => init());
  await activity(loaded);
} catch (error) {
  fail($("state"), error);
  document.documentElement.dataset.state = "failed";
}
