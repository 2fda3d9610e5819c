// The page: runs the demo and a bank in the module that `cargo xtask browser` builds into pkg/.
import init, { Bank, runActivity } from "./pkg/sensilla_wasm.js";

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

function activity() {
  const began = performance.now();
  const run = runActivity((done, total) => {
    $("progress").max = total;
    $("progress").value = done;
  });
  const took = performance.now() - began;
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
  $("state").textContent = `done in ${took.toFixed(0)} ms`;
  document.documentElement.dataset.state = "done";
}

function bank(dimensions, count) {
  const vectors = Float32Array.from({ length: dimensions * count }, () => Math.random() - 0.5);
  const labels = Uint32Array.from({ length: count }, (_, i) => i);
  const bank = new Bank(dimensions, count);
  let began = performance.now();
  bank.insertBatch(vectors, labels);
  const filled = performance.now() - began;
  const queries = vectors.slice(0, dimensions * Math.min(count, 100));
  began = performance.now();
  const hits = bank.searchBatch(queries, 1);
  const searched = performance.now() - began;
  const right = hits.labels.filter((label, i) => label === i).length;
  const each = (searched * 1000) / hits.counts.length;
  show($("found"), [
    ["filled", `${count} vectors of ${dimensions} in ${filled.toFixed(0)} ms`],
    ["searched", `${hits.counts.length} queries, ${each.toFixed(0)} µs each`],
    ["found themselves", `${right} of ${hits.counts.length}`],
    ["memory", `${bank.byteLength.toLocaleString()} bytes, fixed`],
    ["image digest", hex(bank.imageDigest())],
  ]);
  bank.free();
}

$("bank").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  try {
    bank(Number(form.get("dimensions")), Number(form.get("count")));
  } catch (error) {
    show($("found"), [["failed", error.message]]);
  }
});

try {
  await init();
  activity();
} catch (error) {
  fail($("state"), error);
  document.documentElement.dataset.state = "failed";
}
