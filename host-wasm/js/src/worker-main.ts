// What runs in the worker: objects by number, calls in the order in which they come.

import { Author } from "./author.js";
import { Bank } from "./bank.js";
import * as check from "./check.js";
import { Code, SensillaError } from "./error.js";
import { History } from "./history.js";
import { Log } from "./log.js";
import type { Journal, TakenOrRefused } from "./log.js";
import { init } from "./module.js";
import type { Answer, Ask, Reference } from "./protocol.js";
import { Recogniser } from "./recogniser.js";
import { load, save } from "./store.js";
import { parentPort } from "#platform";
import type { StoreOptions } from "./store.js";
import type { Floats, Labels } from "./check.js";
import type { RowsOptions, SearchBatchOptions } from "./bank.js";

const CLASSES = { Author, Bank, History, Log, Recogniser };
/** Rows of a piece: some ten milliseconds of insertions. */
const PIECE = 64;

type Thing = { free(): void; toBytes?(): Uint8Array };
const objects = new Map<number, Thing>();
const aborted = new Set<number>();
let last = 0;
let turn: Promise<unknown> = Promise.resolve();
let post: (answer: Answer, transfer: ArrayBuffer[]) => void;

function begin(): void {
  const hear = (ask: Ask): void => {
    if (ask.do === "abort") aborted.add(ask.id);
    else turn = turn.then(() => answer(ask));
  };
  if (parentPort === null) {
    post = (answer, transfer) => self.postMessage(answer, { transfer });
    self.onmessage = ({ data }: MessageEvent<Ask>) => hear(data);
  } else {
    post = (answer, transfer) => parentPort?.postMessage(answer, transfer);
    parentPort?.on("message", hear);
  }
}

async function answer(ask: Ask): Promise<void> {
  try {
    const result = await done(ask);
    post({ id: ask.id, result }, memory(result));
  } catch (error) {
    const { name, message, code } = error as { name?: string; message?: string; code?: number };
    post({ id: ask.id, error: { kind: name ?? "Error", message: message ?? String(error), code: code ?? 0 } }, []);
  }
  aborted.delete(ask.id);
}

async function done(ask: Ask): Promise<unknown> {
  switch (ask.do) {
    case "init":
      return await init();
    case "make": {
      const make = CLASSES[ask.kind] as new (...given: unknown[]) => Thing;
      return keep(new make(...ask.given.map(dereferred)));
    }
    case "open":
      return keep(opener(ask.kind).open(ask.bytes as Uint8Array) as Thing);
    case "load":
      return keep(await load(ask.name, opener(ask.kind), ask.options as StoreOptions));
    case "save":
      return await save(ask.name, thing(ask.object) as { toBytes(): Uint8Array }, ask.options as StoreOptions);
    case "read":
      return (thing(ask.object) as unknown as Record<string, unknown>)[ask.name];
    case "free":
      objects.get(ask.object)?.free();
      objects.delete(ask.object);
      return undefined;
    case "call": {
      const object = thing(ask.object);
      if (ask.inPieces) return await inPieces(ask.id, object, ask.method, ask.given);
      const method = (object as unknown as Record<string, unknown>)[ask.method];
      if (typeof method !== "function") {
        throw Object.assign(new TypeError(`${ask.method}: there is no such method`), { code: Code.wrongKind });
      }
      return await method.apply(object, ask.given.map(dereferred));
    }
    case "abort":
      return undefined;
  }
}

function opener(kind: string): { open(bytes: check.Bytes): Thing } {
  return CLASSES[kind as "Bank"] as unknown as { open(bytes: check.Bytes): Thing };
}

function keep(object: Thing): number {
  objects.set(++last, object);
  return last;
}

function thing(object: number): Thing {
  const found = objects.get(object);
  if (found === undefined) throw new SensillaError("the object was freed; make another", Code.freed);
  return found;
}

function dereferred(given: unknown): unknown {
  const object = typeof given === "object" && given !== null ? (given as Partial<Reference>).sensillaObject : undefined;
  return typeof object === "number" ? thing(object) : given;
}

async function inPieces(id: number, object: Thing, method: string, given: unknown[]): Promise<unknown> {
  if (object instanceof Bank && method === "insertBatch") {
    return await insertAll(id, object, given as [Floats, Labels, RowsOptions?]);
  }
  if (object instanceof Bank && method === "searchBatch") {
    return await searchAll(id, object, given as [Floats, SearchBatchOptions?]);
  }
  if (method === "ingestBatch" && (object instanceof Log || object instanceof History)) {
    return await ingestAll(id, object, given as Parameters<Journal["ingestBatch"]>);
  }
  throw Object.assign(new TypeError(`inPieces: ${method}: no such call goes in pieces`), { code: Code.wrongKind });
}

/** All rows or none: those that went in are taken out again where one does not, or the page aborts. */
async function insertAll(id: number, bank: Bank, [vectors, labels, options]: [Floats, Labels, RowsOptions?]): Promise<Float64Array> {
  const call = "insertBatch";
  const { confidence, at } = check.options<RowsOptions>(call, options, ["confidence", "at"]);
  const d = bank.dimensions;
  const all = check.floats(call, "vectors", vectors, d);
  const rows = all.length / d;
  const names = check.labels(call, "labels", labels, rows);
  check.shares(call, "options.confidence", confidence ?? 1, rows);
  check.times(call, "options.at", at ?? 0, rows);
  const part = <T>(value: T, from: number, to: number): T =>
    (Array.isArray(value) || ArrayBuffer.isView(value) ? (value as unknown as number[]).slice(from, to) : value) as T;
  const ids = new Float64Array(rows);
  let inside = 0;
  try {
    for (let from = 0; from < rows; from += PIECE) {
      const to = Math.min(from + PIECE, rows);
      const said = { confidence: part(confidence ?? 1, from, to), at: part(at ?? 0, from, to) };
      ids.set(bank.insertBatch(all.subarray(from * d, to * d), names.subarray(from, to), said), from);
      inside = to;
      if (to < rows) await between(id, to, rows);
    }
  } catch (error) {
    bank.remove(ids.subarray(0, inside));
    throw error;
  }
  return ids;
}

async function searchAll(id: number, bank: Bank, [queries, options]: [Floats, SearchBatchOptions?]): Promise<unknown> {
  const d = bank.dimensions;
  const all = check.floats("searchBatch", "queries", queries, d);
  const count = all.length / d;
  const pieces = [];
  for (let from = 0; from < count || from === 0; from += PIECE) {
    const to = Math.min(from + PIECE, count);
    pieces.push(bank.searchBatch(all.subarray(from * d, to * d), options));
    if (to < count) await between(id, to, count);
  }
  const joined = <T extends { length: number; set(array: T, at: number): void }>(make: new (length: number) => T, parts: T[]): T => {
    const all = new make(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  return {
    counts: joined(Uint32Array, pieces.map((piece) => piece.counts)),
    belowGoal: joined(Uint8Array, pieces.map((piece) => piece.belowGoal)),
    ids: joined(Float64Array, pieces.map((piece) => piece.ids)),
    similarities: joined(Float32Array, pieces.map((piece) => piece.similarities)),
    labels: joined(Uint32Array, pieces.map((piece) => piece.labels)),
    confidences: joined(Float32Array, pieces.map((piece) => piece.confidences)),
  };
}

/** What was taken in stays where the page aborts: a log takes nothing back. */
async function ingestAll(id: number, log: Journal, [events, options]: Parameters<Journal["ingestBatch"]>): Promise<TakenOrRefused[]> {
  const all: TakenOrRefused[] = [];
  for (let from = 0; from < events.length || from === 0; from += PIECE) {
    all.push(...log.ingestBatch(Array.isArray(events) ? events.slice(from, from + PIECE) : events, options));
    if (from + PIECE < events.length) await between(id, from + PIECE, events.length);
  }
  return all;
}

/** Tells how far a call is, and hears whether it is to end. */
async function between(id: number, rows: number, of: number): Promise<void> {
  post({ id, done: rows, of }, []);
  // A message of our own comes behind those that are there already.
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
  if (aborted.has(id)) throw new DOMException("the call was aborted", "AbortError");
}

/** The memory of what is returned, which the worker does not need any more. */
function memory(result: unknown): ArrayBuffer[] {
  const values = typeof result === "object" && result !== null && !ArrayBuffer.isView(result) ? Object.values(result) : [result];
  const views = values.filter((value) => ArrayBuffer.isView(value));
  return [...new Set(views.map((view) => view.buffer as ArrayBuffer))];
}

begin();
